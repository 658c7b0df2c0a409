"""Rows of the four worklists in words and names; who reads names; filters; a constant number of queries."""

from __future__ import annotations

from itertools import islice, product
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.practice.worklist import Kind, to_do
from kapclinic.trail import services as trail
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm
from sessions.sweep.steps import sweep
from tests.asking import events
from tests.cast import MONDAY, Cast, dosed_session, later
from tests.replay import taped
from tests.sessions.monitoring.watching import take

LISTS = ("tasks/", "obligations/", "alarms/", "safety-alerts/")
ITEM_9 = {"instrument": "phq9", "answers": [0] * 8 + [2], "administered_by": "self"}


@pytest.fixture
def dosed(cast: Cast) -> Session:
    """A client who was dosed, with a red reading, and who answered item 9 on the day."""
    return _dosed(cast)


@taped
def _dosed(cast: Cast) -> Session:
    session = dosed_session(cast)
    take(cast, session, 10, systolic=205)
    body = ITEM_9 | {"program": str(session.program_id), "taken_at": MONDAY.isoformat()}
    cast.desk("therapist").must("measures/", body)
    for minutes in (16, 22):
        sweep(at=later(minutes=minutes))
    return session


def listed(cast: Cast, who: str, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cast.desk(who).get(path).json()["results"]
    return found


@pytest.mark.parametrize("path", LISTS)
def test_a_row_says_what_to_do_about_whom_where_and_with_whom(cast: Cast, dosed: Session, path: str) -> None:
    rows = listed(cast, "director", path)
    assert rows
    for row in rows:
        assert row["label"]
        assert (row["client_name"], row["client_mrn"]) == (dosed.client.display_name, dosed.client.mrn)
        assert {"session", "session_number", "room_name", "staff", "assigned_to"} <= set(row)
    at_the_dose = [row for row in rows if row["session"] == str(dosed.pk)]
    if path != "obligations/":  # there it is the integration
        assert at_the_dose
    for row in at_the_dose:
        assert (row["session_number"], row["room_name"]) == (1, dosed.room.name)
        assert {seat["name"] for seat in row["staff"]} >= {cast.therapist.name, cast.np.name}
    one = cast.desk("director").get(f"{path}{rows[0]['id']}/").json()
    assert one == rows[0]


def test_the_names_of_each_list(cast: Cast, dosed: Session) -> None:
    (owed,) = listed(cast, "director", "obligations/")
    assert (owed["dose_number"], owed["therapist_name"]) == (1, cast.therapist.name)
    assert "client_confirmed_at" in (owed["integration_session"] or {"client_confirmed_at": None})
    assert listed(cast, "director", "alarms/")[0]["assigned_to"] == cast.np.name
    assert listed(cast, "director", "safety-alerts/")[0]["assigned_to"] == cast.therapist.name
    labels = {row["kind"]: row["label"] for row in listed(cast, "director", "tasks/")}
    assert labels["alarm"] == to_do("alarm")


def test_the_row_of_a_safety_alert_names_the_session_of_its_day(cast: Cast, dosed: Session) -> None:
    rows = [row for row in listed(cast, "director", "tasks/") if row["kind"] == "safety_alert"]
    assert [row["session"] for row in rows] == [str(dosed.pk)]


def test_reading_names_on_the_worklist_is_on_record(cast: Cast, dosed: Session) -> None:
    before = len(events("task.list"))
    listed(cast, "therapist", "tasks/")
    _, outcome, clients = events("task.list")[before]
    assert (outcome, clients) == ("ok", [dosed.client_id])


@pytest.mark.parametrize(("who", "reads"), [("frontdesk", True), ("billing", True), ("admin", False)])
def test_names_are_for_who_may_read_clients(cast: Cast, dosed: Session, who: str, reads: bool) -> None:
    (row,) = listed(cast, who, "obligations/")
    assert (row["client_name"] == dosed.client.display_name) is reads
    assert (row["client_mrn"] == dosed.client.mrn) is reads
    if not reads:
        assert (row["client_name"], row["client_mrn"]) == (None, None)


def test_every_kind_of_row_says_what_to_do() -> None:
    assert all(to_do(kind).endswith(".") for kind in Kind)


@pytest.mark.parametrize("path", LISTS)
def test_the_filters_of_location_and_of_several_states(cast: Cast, dosed: Session, path: str) -> None:
    every = [row["id"] for row in listed(cast, "director", path)]
    assert [row["id"] for row in listed(cast, "director", f"{path}?location={cast.north.pk}")] == every
    assert listed(cast, "director", f"{path}?location={cast.south.pk}") == []
    name, states = {
        "tasks/": ("state", "open,done"),
        "obligations/": ("state", "due,booked"),
        "alarms/": ("state", "open,acknowledged"),
        "safety-alerts/": ("status", "open,acknowledged"),
    }[path]
    assert [row["id"] for row in listed(cast, "director", f"{path}?{name}={states}")] == every
    first, second = states.split(",")
    assert [row["id"] for row in listed(cast, "director", f"{path}?{name}={first}&{name}={second}")] == every
    if path != "obligations/":
        assert listed(cast, "director", f"{path}?{name}={second}") == []
    answer = cast.desk("director").get(f"{path}?{name}={second},unheard_of")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, f"/{name}")


def test_what_is_mine_of_all_that_the_director_sees(cast: Cast, dosed: Session) -> None:
    mine = listed(cast, "director", "tasks/?role=me")
    assert {row["kind"] for row in mine} < {row["kind"] for row in listed(cast, "director", "tasks/")}
    assert all("medical_director" in row["roles"] for row in mine)


def more_tasks(cast: Cast, subjects: list[tuple[str, UUID]], number: int) -> None:
    """So many rows more, about each of these subjects, with a client of their own and without."""
    for n, (kind, (subject_type, subject)) in enumerate(islice(product(Kind, subjects), number)):
        trail.open_task(
            kind=kind,
            location=cast.north.pk,
            client=None if n % 2 else Session.objects.earliest("pk").client_id,
            assignee=cast.np.pk,
            subject_type=subject_type,
            subject_id=subject,
            due_at=MONDAY,
            by=cast.np,
            at=MONDAY,
        )


@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_three_queries_however_long(cast: Cast, dosed: Session, path: str) -> None:
    desk = cast.desk("director")
    more = [("session", pk) for pk in Session.objects.values_list("pk", flat=True)]
    more += [("obligation", pk) for pk in Obligation.objects.values_list("pk", flat=True)]
    more += [("alarm", pk) for pk in Alarm.objects.values_list("pk", flat=True)]
    if path == "tasks/":
        more_tasks(cast, more, 50)
    for size in ("1", "100"):
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path, page_size=size).json()["results"]
        asked = [
            row["sql"] for row in captured.captured_queries if row["sql"].startswith(("SELECT", "\nWITH"))
        ]
        counts = [statement for statement in asked if "COUNT(" in statement]
        assert len(asked) - len(counts) <= 3, (
            asked
        )  # who asks, the page, its names; and the count of a full page


def test_a_tick_and_an_acknowledgement_answer_with_names_too(cast: Cast, dosed: Session) -> None:
    for path in ("alarms/", "safety-alerts/"):
        row = listed(cast, "prescriber", path)[0]
        answer = cast.desk("prescriber").must(
            f"{path}{row['id']}/acknowledge/", {"action": "With the client"}
        )
        assert answer["client_mrn"] == dosed.client.mrn
        assert answer["label"] == "Nothing: it is done."
