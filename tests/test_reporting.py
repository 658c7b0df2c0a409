"""What leaves the house about an error or a slow request: a canary is planted wherever a text could stand."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

import pytest

from kapclinic.core import logs, reporting
from kapclinic.local.warm import Launcher

CANARY = "Canary-Feathers"

# A view that fails with a canary in each place that Sentry's client looks into; what its transport is handed is printed.
FAILING = f"""
import json, logging, sys
import django
from django.conf import settings
django.setup()
import sentry_sdk
from sentry_sdk.transport import Transport
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from kapclinic.core import reporting

class Kept(Transport):
    def capture_envelope(self, envelope):
        print("SENT", json.dumps([str(item.payload.get_bytes()) for item in envelope.items]))

def fails(request, name):
    text = request.body.decode() + "{CANARY}"
    logging.getLogger("kapclinic").warning("of %s", text)
    sentry_sdk.set_context("client", {{"name": text}})
    sentry_sdk.set_tag("name", text)
    sentry_sdk.set_user({{"id": text, "ip_address": text}})
    sentry_sdk.add_breadcrumb(message=text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", [text])
    logging.getLogger("kapclinic").error("said of %s", text)
    logging.getLogger("kapclinic").error("put together " + text)
    raise ValueError(text)

settings.ROOT_URLCONF = "__main__"
urlpatterns = [path("api/<str:name>/", fails)]
handler500 = lambda request: HttpResponse(status=500)
options = reporting.sentry_options("https://key@sentry.example/1")
if "doors-open" in sys.argv:  # as somebody might set the client up: before_send alone has to hold
    options |= {{"include_local_variables": True, "include_source_context": True, "send_default_pii": True,
        "max_request_body_size": "always", "max_breadcrumbs": 50}}
    options.pop("before_breadcrumb")
sentry_sdk.init(transport=Kept, **options)
from django.test import Client
browser = Client(raise_request_exception=False)
answer = browser.post("/api/{CANARY}/?search={CANARY}", {{"note": "{CANARY}"}}, headers={{"X-Name": "{CANARY}",
    "Cookie": "name={CANARY}"}})
assert answer.status_code == 500, answer
sentry_sdk.flush()
"""


@pytest.mark.usefixtures("django_db_setup")  # the other process asks the database of this one
@pytest.mark.parametrize("doors", ["", "doors-open"])
def test_no_text_leaves_with_an_error(doors: str, tmp_path: Any, launcher: Launcher) -> None:
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "kapclinic.settings"}
    run = launcher.run([sys.executable, str(script), doors], env=env)
    assert run.returncode == 0, run.stderr[-2000:]
    sent = [row.removeprefix("SENT ") for row in run.stdout.splitlines() if row.startswith("SENT ")]
    assert len(sent) == 3, run.stderr[-2000:]
    assert CANARY not in "".join(sent)
    whole = "".join(sent)
    for told in ("ValueError", "fails", "said of %s", "lineno"):
        assert told in whole
    assert "put together" not in whole


def test_an_event_is_put_together_from_what_may_leave() -> None:
    frame = {
        "function": "f",
        "lineno": 3,
        "vars": {"a": CANARY},
        "context_line": CANARY,
        "pre_context": [CANARY],
    }
    event = {
        "event_id": "1",
        "level": "error",
        "message": CANARY,
        "transaction": CANARY,
        "server_name": CANARY,
        "request": {"url": CANARY, "data": CANARY, "headers": {"a": CANARY}, "query_string": CANARY},
        "breadcrumbs": {"values": [{"message": CANARY, "data": {"db.params": CANARY}}]},
        "extra": {"a": CANARY},
        "contexts": {"a": {"b": CANARY}},
        "user": {"id": CANARY},
        "logentry": {"message": "of %s", "params": [CANARY], "formatted": CANARY},
        "exception": {"values": [{"type": "E", "value": CANARY, "stacktrace": {"frames": [frame]}}]},
        "of a version to come": CANARY,
    }
    with logs.about(request="0190", user="someone"):
        kept = reporting.scrubbed(event)
    assert CANARY not in json.dumps(kept)
    assert kept["exception"]["values"][0]["stacktrace"]["frames"] == [{"function": "f", "lineno": 3}]
    assert (kept["logentry"], kept["tags"]) == ({"message": "of %s"}, {"request": "0190"})


def test_no_text_leaves_with_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import Status, StatusCode

    monkeypatch.setattr(reporting, "_tracer", [])
    with reporting.timed(**{"kapclinic.step": "checks"}) as said:
        said["http.route"] = "nobody listens"
    kept = InMemorySpanExporter()
    provider = reporting.trace_to(kept, batched=False)
    with pytest.raises(ValueError, match=CANARY), reporting.timed(**{"kapclinic.step": "checks"}):
        raise ValueError(CANARY)
    with reporting.timed() as said:
        said |= {
            "http.route": "api/v1/clients/<uuid:pk>/",
            "url.query": CANARY,
            "http.response.status_code": 200,
        }
    with provider.get_tracer("somebody else's").start_as_current_span(f"SELECT {CANARY}") as span:
        span.set_attributes({"db.statement": CANARY, "db.operation.name": "SELECT", "url.full": CANARY})
        span.add_event("row", {"name": CANARY})
        span.set_status(Status(StatusCode.ERROR, CANARY))
    provider.shutdown()
    spans = kept.get_finished_spans()
    assert [span.name for span in spans] == ["checks", "api/v1/clients/<uuid:pk>/", "SELECT"]
    assert CANARY not in "".join(span.to_json() for span in spans)
    assert spans[1].attributes == {
        "http.route": "api/v1/clients/<uuid:pk>/",
        "http.response.status_code": 200,
    }


def test_both_are_off_until_an_address_is_set_and_say_what_they_lack(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporting.start()
    assert reporting._tracer == []
    settings.SENTRY_DSN = "https://key@sentry.example/1"
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(reporting.Missing, match="observe"):
        reporting.start()


def test_the_log_of_a_step_names_it(caplog: pytest.LogCaptureFixture) -> None:
    with logs.about(task="checks"):
        row = logging.LogRecord("kapclinic", logging.INFO, "", 1, "done", (), None)
        assert json.loads(logs.Lines().format(row))["task"] == "checks"
