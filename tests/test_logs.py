"""What stands in the log, and what must never: nothing that a person wrote, and no address as it was asked."""

from __future__ import annotations

import json
import logging
import runpy
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, connection, transaction
from django.test import RequestFactory

from kapclinic.core import logs
from kapclinic.local.places import CHECKOUT
from tests.cast import Cast

CANARY = "Canary Feathers"


def line(record: logging.LogRecord) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(logs.Lines().format(record))
    return told


def record(message: str, *args: Any, error: BaseException | None = None, **more: Any) -> logging.LogRecord:
    found = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(more.pop("name", "kapclinic"), logging.ERROR, __file__, 1, message, args, found)
    vars(made).update(more)
    return made


def test_a_request_is_one_line_with_ids_and_the_pattern_of_its_address(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    client = cast.desk("frontdesk").must("clients/", cast_client(cast))
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        answer = cast.desk("np").get(f"clients/{client['id']}/")
        cast.desk("np").get("clients/", search=CANARY)
    (one, two) = [row for row in caplog.records if row.name == "kapclinic.requests"]
    told = line(one)
    assert (told["method"], told["route"], told["status"]) == ("GET", "api/v1/clients/<uuid:pk>/", 200)
    assert told["ms"] > 0
    assert UUID(answer.headers["X-Request-Id"]).version == 7
    assert line(two)["route"] == "api/v1/clients/"
    assert CANARY not in caplog.text
    assert client["id"] not in caplog.text


def cast_client(cast: Cast) -> dict[str, Any]:
    from tests.cast import ADDRESS

    return {
        "legal_first_name": "Canary",
        "legal_last_name": "Feathers",
        "date_of_birth": "1985-03-02",
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "address": ADDRESS,
        "locations": [str(cast.north.pk)],
    }


def test_lines_of_a_request_name_it_and_who_asked(cast: Cast) -> None:
    seen: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, row: logging.LogRecord) -> None:
            seen.append(line(row))

    keep = Keep()
    logging.getLogger("kapclinic").addHandler(keep)
    try:
        answer = cast.desk("np").get("auth/me/")
        stranger = cast.desk("np").client.__class__().get("/nowhere/of/ours/")
    finally:
        logging.getLogger("kapclinic").removeHandler(keep)
    ours, theirs = [row for row in seen if row["logger"] == "kapclinic.requests"]
    assert (ours["request"], ours["user"]) == (answer.headers["X-Request-Id"], str(cast.np.pk))
    assert (theirs["route"], theirs["user"], theirs["status"]) == (None, None, 404)
    assert stranger.headers["X-Request-Id"] != answer.headers["X-Request-Id"]
    assert logs.facts() == {}


@pytest.mark.django_db
def test_an_error_is_told_by_class_and_place_and_never_in_its_own_words() -> None:
    """What the database says of a row quotes the row."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::text::int", [CANARY])
    except DataError as error:
        caught = error
    assert CANARY in str(caught)
    told = line(record("%s failed", caught, error=caught))
    assert CANARY not in json.dumps(told)
    assert [one["type"] for one in told["error"]] == ["DataError", "InvalidTextRepresentation"]
    assert told["error"][1]["sqlstate"] == "22P02"
    assert any("test_logs.py" in place for place in told["error"][0]["at"])


def test_neither_celery_nor_django_says_more() -> None:
    task = {"name": "sessions.sweep", "description": "raised unexpected", "exc": CANARY, "traceback": CANARY}
    row = record("Task %(name)s %(description)s: %(exc)s", name="celery.app.trace")
    row.args = task
    assert line(row)["message"] == "task sessions.sweep raised unexpected"
    asked = RequestFactory().get(f"/l/{CANARY}")
    row = record("%s: %s", "Internal Server Error", asked.path, request=asked)
    assert line(row)["message"] == "Internal Server Error: -"
    assert CANARY not in json.dumps(line(record("of %s", 3, secret=CANARY)))


@pytest.mark.parametrize(
    ("environ", "how"),
    [({}, "json"), ({"KAP_EMBEDDED": "1"}, "line"), ({"KAP_EMBEDDED": "1", "LOG_FORMAT": "json"}, "json")],
)
def test_production_writes_for_machines(environ: dict[str, str], how: str) -> None:
    assert logs.chosen(environ) == how
    assert isinstance(logs.formatter(environ), logs.Lines if how == "json" else logs.Plain)


def test_the_server_keeps_no_log_of_addresses() -> None:
    """`clients/?search=` holds names, and some paths a token: the application writes the line, by the pattern."""
    config = runpy.run_path(str(CHECKOUT / "deploy/gunicorn.conf.py"))
    assert config["accesslog"] is None
    assert config["figures"] is None  # nobody asks for them here


WORK = """
import os, sys
from kapclinic.core import metrics
for seconds in (0.02, 0.2):
    metrics.answered(method="GET", route="r", status=200, seconds=seconds)
if "tell" in sys.argv:
    from prometheus_client import generate_latest
    print(generate_latest(metrics.registry()).decode())
"""


def test_processes_of_one_server_are_added_up(tmp_path: Any) -> None:
    told = ""
    for words in ([], [], ["tell"]):
        told = subprocess.run(
            [sys.executable, "-c", WORK, *words],
            cwd=CHECKOUT,
            env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    assert 'kapclinic_requests_total{method="GET",route="r",status="2xx"} 6.0' in told
    assert 'kapclinic_request_seconds_bucket{le="0.1",method="GET",route="r"} 3.0' in told
