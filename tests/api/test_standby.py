"""What may be read from a replica: a few reports, and only what is over; with a replica that is not there nothing changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections
from psycopg import errors

from kapclinic.core import clock, standby
from kapclinic.local.places import CHECKOUT
from kapclinic.local.ports import free_port
from kapclinic.trail.http import REPLICA_AGE
from tests import cast as people
from tests.api import routes
from tests.api.routes import READS, Places, view_of
from tests.cast import MONDAY, Cast
from tests.second import replica

APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
REPORTS = {
    "clients/{id}/access-log/",
    "drug-register/",
    "drug-register/pdf/",
    "receipts/",
    "sessions/",
    "superbills/",
}
# Where a question says which database it asks.
NAMING = {
    "billing/records/services/practice_import.py",  # the rights of a role that is not its own
    "kapclinic/core/audited.py",  # where a row came from
    "kapclinic/core/http/lists.py",
    "kapclinic/core/postgresql/alone.py",  # whichever its caller asks
    "kapclinic/core/postgresql/straight.py",  # the primary, past its cursors
    "kapclinic/core/standby.py",
    "kapclinic/core/statements.py",
    "kapclinic/core/writing.py",  # its own connection's
    "kapclinic/practice/api/clients.py",
    "kapclinic/trail/apps.py",  # the owner's rights, after a migration
    "kapclinic/trail/http.py",
    "kapclinic/trail/rights.py",
    "sessions/drugs/api/register.py",
    "sessions/visits/selectors/sessions.py",  # that of the list which asks
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[list[str]]:
    """There is a replica, where nobody listens; each time that one is asked for puts a line here."""
    found: list[str] = []
    read = standby.read

    def noted(ask: Callable[[str], Any]) -> Any:
        found.append("")
        return read(ask)

    monkeypatch.setattr(standby, "read", noted)
    with replica(HOST="127.0.0.1", PORT=free_port()):
        yield found


def test_these_are_the_reports_and_no_other() -> None:
    found = {entry.route for entry in READS if entry.action in view_of(entry).reports}
    assert found == REPORTS


def test_with_a_replica_away_every_address_answers_and_one_asked_for_it(asked: list[str], cast: Cast) -> None:
    """Readiness, boards, availability, plans and lists of today, a dose and its gates never look at it."""
    places = routes.places(cast)
    looked = set()
    for entry in READS:
        before = len(asked)
        answer = places.get(entry)
        assert answer.status_code in {200, 404}, (entry.route, answer.content)
        assert REPLICA_AGE not in answer.headers
        if len(asked) > before:
            looked.add(entry.route)
    assert looked == {"clients/{id}/access-log/"}
    assert connections[standby.ALIAS].connection is None


def test_a_write_never_asks_for_it(asked: list[str], places: Places) -> None:
    body = {"kind": "preparation", "program": str(places.session.program_id)}
    answer = places.cast.desk("frontdesk").post("sessions/?date=2020-01-01", body)
    assert answer.status_code == 400
    patched = places.cast.desk("frontdesk").patch(
        f"clients/{places.session.client_id}/", {"pronouns": "they"}
    )
    assert patched.status_code == 200
    assert asked == []


@pytest.mark.parametrize(
    ("path", "last"), [("sessions/", "date"), ("superbills/", "to_date"), ("receipts/", "to_date")]
)
def test_a_day_is_past_when_it_is_over_everywhere(asked: list[str], cast: Cast, path: str, last: str) -> None:
    desk = cast.desk("billing")
    for day, times in (("2026-05-05", 0), ("2026-05-04", 0), ("2026-05-03", 1)):
        asked.clear()
        assert desk.get(path, **{last: day}).status_code == 200
        assert len(asked) == times, day
    asked.clear()
    assert desk.get(path).status_code == 200
    with clock.fixed(MONDAY + timedelta(days=1, hours=-4)):  # 05:00 in Denver, the next day
        desk.get(path, **{last: "2026-05-04"})
    assert asked == []


def test_the_register_of_a_period_that_goes_on_is_the_primary_s(asked: list[str], cast: Cast) -> None:
    desk, north = cast.desk("director"), str(cast.north.pk)
    for query, times in (({}, 0), ({"to": "2026-05-04"}, 0), ({"to": "2026-04-30"}, 1)):
        asked.clear()
        assert desk.get("drug-register/", location=north, **query).status_code == 200
        assert desk.get("drug-register/pdf/", location=north, **query).status_code == 200
        assert len(asked) == 2 * times


def test_a_server_that_follows_nobody_is_no_replica(cast: Cast) -> None:
    """A standby that was promoted, or the wrong address: here the primary's own."""
    client = people.client(cast.north, by=cast.frontdesk)
    with replica():
        answer = cast.desk("director").get(f"clients/{client.pk}/access-log/")
        assert connections[standby.ALIAS].connection is not None
    assert (answer.status_code, answer.headers.get(REPLICA_AGE)) == (200, None)


@pytest.mark.parametrize(
    ("cause", "again"), [(errors.QueryCanceled(), False), (errors.SerializationFailure(), True)]
)
def test_what_took_too_long_there_is_not_asked_here_again(
    monkeypatch: pytest.MonkeyPatch, cause: Exception, again: bool
) -> None:
    """A question that gets in the way of what the standby replays is: the primary has no such trouble."""
    asked: list[str] = []

    def ask(source: str) -> str:
        asked.append(source)
        if source == standby.ALIAS:
            raise OperationalError from cause
        return source

    monkeypatch.setattr(standby, "_age", lambda: 0.5)
    with replica():
        if again:
            assert standby.read(ask) == ("default", None)
            assert standby._Away.until > 0
        else:
            with pytest.raises(OperationalError):
                standby.read(ask)
    assert asked == [standby.ALIAS, "default"][: 1 + again]


def names_a_database(path: str) -> bool:
    tree = ast.parse((CHECKOUT / path).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            verb = getattr(node.func, "attr", "")
            if verb in {"using", "db_manager"} or any(word.arg == "using" for word in node.keywords):
                return True
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "connections":
            return True
        if isinstance(node, ast.Constant) and node.value == standby.ALIAS:
            return True
    return False


def test_only_these_files_name_a_database() -> None:
    files = [
        str(path.relative_to(CHECKOUT))
        for app in APPS
        for path in (CHECKOUT / app).rglob("*.py")
        if "migrations" not in path.parts and (CHECKOUT / "kapclinic/local") not in path.parents
    ]
    naming = {path for path in files if names_a_database(path)} - {"kapclinic/settings.py"}
    assert naming == NAMING
