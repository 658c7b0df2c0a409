"""Rows of the four worklists in words and names; who reads names; filters; a constant number of queries."""

from __future__ import annotations

from typing import Any

import pytest

from kapclinic.practice.worklist import Kind, to_do
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.sweep.steps import sweep
from tests.cast import MONDAY, Cast, dosed_session, later
from tests.sessions.monitoring.watching import take

LISTS = ("tasks/", "obligations/", "alarms/", "safety-alerts/")
ITEM_9 = {"instrument": "phq9", "answers": [0] * 8 + [2], "administered_by": "self"}


@pytest.fixture
def dosed(cast: Cast) -> Session:
    """A client who was dosed, with a red reading, and who answered item 9 on the day."""
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


def test_a_longer_page_takes_no_more_queries(
    cast: Cast, dosed: Session, django_assert_max_num_queries: Any
) -> None:
    desk = cast.desk("director")
    desk.get("tasks/")
    row = Task.objects.filter(kind="alarm").first()
    assert row is not None
    more = [Session.objects.exclude(pk=dosed.pk).first(), dosed]
    for kind, session in zip((Kind.NOTE_UNSIGNED, Kind.SESSION_TO_BILL), more, strict=True):
        values = {"roles": ["medical_director"], "location": cast.north.pk, "due_at": MONDAY}
        Task(kind=kind, subject_type="session", subject_id=session.pk, **values).save_by(cast.np, at=MONDAY)
    for path in LISTS:
        with django_assert_max_num_queries(
            10
        ):  # signing in, count, page, subjects, sessions, clients, people, log
            desk.get(path)


def test_a_tick_and_an_acknowledgement_answer_with_names_too(cast: Cast, dosed: Session) -> None:
    for path in ("alarms/", "safety-alerts/"):
        row = listed(cast, "prescriber", path)[0]
        answer = cast.desk("prescriber").must(
            f"{path}{row['id']}/acknowledge/", {"action": "With the client"}
        )
        assert answer["client_mrn"] == dosed.client.mrn
        assert answer["label"] == "Nothing: it is done."
