"""A proposal with wishes: they hold for one answer, and what can't be had is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from programs.models import Program
from sessions.booking.models import Session
from tests.cast import MONDAY, Cast, opened_program
from tests.journeys.steps import moment
from tests.sessions.booking import desk

DENVER = ZoneInfo("America/Denver")
DAY = timedelta(days=1)


@pytest.fixture
def program(cast: Cast) -> Program:
    return opened_program(cast)


def _plan(cast: Cast, program: Program, **query: str) -> dict[str, Any]:
    answer = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def _starts(plan: dict[str, Any], *kinds: str) -> list[datetime]:
    rows = [row for row in plan["sessions"] if not kinds or row["kind"] in kinds]
    assert rows
    return [datetime.fromisoformat(row["starts_at"]).astimezone(DENVER) for row in rows]


def test_every_session_keeps_to_the_days_and_hours_that_were_asked_for(cast: Cast, program: Program) -> None:
    plan = _plan(cast, program, days="0,2", hours="09:00-13:00")
    assert (len(plan["sessions"]), plan["unmet"]) == (14, [])
    starts = _starts(plan)
    assert {start.weekday() for start in starts} == {0, 2}
    assert all("09:00" <= start.strftime("%H:%M") < "13:00" for start in starts)


@pytest.mark.parametrize("days", ["0,2", "2,0,2", "0, 2"])
def test_days_may_stand_in_any_order(cast: Cast, program: Program, days: str) -> None:
    assert _plan(cast, program, days=days) == _plan(cast, program, days="0,2")


def test_the_plan_begins_when_it_was_asked_to(cast: Cast, program: Program) -> None:
    on_a_date = _starts(_plan(cast, program, **{"from": "2026-06-01"}))
    assert min(on_a_date) >= datetime(2026, 6, 1, tzinfo=DENVER)
    assert min(on_a_date).date() == datetime(2026, 6, 1, tzinfo=DENVER).date()
    at_a_time = _starts(_plan(cast, program, **{"from": "2026-06-01T16:00:00-06:00"}))
    assert min(at_a_time) >= datetime(2026, 6, 1, 16, tzinfo=DENVER)


def test_a_past_from_is_taken_as_now(cast: Cast, program: Program) -> None:
    assert _plan(cast, program, **{"from": "2026-01-01"}) == _plan(cast, program)


def test_preparation_and_integration_go_by_the_modality_that_was_asked_for(
    cast: Cast, program: Program
) -> None:
    plan = _plan(cast, program, modality="video")
    ways = {(row["kind"], row["modality"], row["room"] is None) for row in plan["sessions"]}
    assert ways == {
        ("preparation", "video", True),
        ("integration", "video", True),
        ("dosing", "in_person", False),
    }


def test_a_wish_stands_in_place_of_the_programs_own_for_one_answer(cast: Cast) -> None:
    program = opened_program(cast, preferred_days=[1, 4], preferred_hours={"from": "13:00", "to": "15:00"})
    before = _plan(cast, program)
    stored = list(Program.objects.values()), Program.history.count()
    wished = _starts(_plan(cast, program, days="0,2"), "preparation", "dosing")
    assert {start.weekday() for start in wished} <= {0, 2}
    assert {start.hour for start in wished} <= {13, 14}  # its hours still stand
    assert (list(Program.objects.values()), Program.history.count()) == stored
    assert _plan(cast, program) == before


def test_integrations_that_can_not_be_on_those_days_are_said(cast: Cast, program: Program) -> None:
    """After a dose on a Monday the window is Tuesday to Thursday."""
    plan = _plan(cast, program, days="0")
    assert [row["code"] for row in plan["unmet"]] == ["wishes"]
    assert "integrations" in plan["unmet"][0]["detail"]
    assert {start.weekday() for start in _starts(plan, "preparation", "dosing")} == {0}
    assert 0 not in {start.weekday() for start in _starts(plan, "integration")}


def test_preferred_days_that_can_not_be_are_said_too(cast: Cast) -> None:
    """After a dose on a Monday the window is Tuesday to Thursday; nobody works on a Sunday."""
    program = opened_program(cast, preferred_days=[0])
    plan = _plan(cast, program)
    assert [row["code"] for row in plan["unmet"]] == ["integration_not_preferred"]
    assert {start.weekday() for start in _starts(plan, "preparation", "dosing")} == {0}
    assert _plan(cast, program, days="0,1")["unmet"] == []  # a wish stands in place of them
    cast.north.opening_hours = [row for row in cast.north.opening_hours if row["weekday"] < 5]
    cast.north.save_by(cast.admin, at=MONDAY)
    program.preferred_days = [6]
    program.save_by(cast.therapist, at=MONDAY)
    assert [row["code"] for row in _plan(cast, program)["unmet"]] == ["course_not_preferred"]


def test_days_on_which_nothing_can_be_are_said(cast: Cast, program: Program) -> None:
    cast.north.opening_hours = [row for row in cast.north.opening_hours if row["weekday"] < 5]
    cast.north.save_by(cast.admin, at=MONDAY)
    plan = _plan(cast, program, days="5,6")
    assert [row["code"] for row in plan["unmet"]] == ["wishes"]
    assert len(plan["sessions"]) == 14
    assert not {start.weekday() for start in _starts(plan)} & {5, 6}


def test_hours_of_the_program_give_way_before_the_days_that_were_asked_for(cast: Cast) -> None:
    program = opened_program(cast, preferred_hours={"from": "19:00", "to": "20:00"})  # too late for a dose
    plan = _plan(cast, program, days="0,2")
    assert plan["unmet"] == []
    assert {start.weekday() for start in _starts(plan)} == {0, 2}


@pytest.mark.parametrize(
    ("query", "field", "code", "rule"),
    [
        ({"days": "7"}, "/days", "invalid", "0 (Monday) to 6 (Sunday)"),
        ({"days": "-1"}, "/days", "invalid", "0 (Monday) to 6 (Sunday)"),
        ({"days": "0,,2"}, "/days", "invalid", "0 (Monday) to 6 (Sunday)"),
        ({"days": "mon"}, "/days", "invalid", "0 (Monday) to 6 (Sunday)"),
        ({"days": "٣"}, "/days", "invalid", "0 (Monday) to 6 (Sunday)"),
        ({"hours": "09:00"}, "/hours", "invalid", "the end after the start"),
        ({"hours": "13:00-09:00"}, "/hours", "invalid", "the end after the start"),
        ({"hours": "09:00-09:00"}, "/hours", "invalid", "the end after the start"),
        ({"hours": "9-13"}, "/hours", "invalid", "the end after the start"),
        ({"hours": "09:00-25:00"}, "/hours", "invalid", "the end after the start"),
        ({"from": "soon"}, "/from", "invalid", "a date such as"),
        ({"from": "2026-05-04T09:00:00"}, "/from", "invalid", "with its offset"),
        ({"from": "2029-01-01"}, "/from", "too_far", "two years ahead at most"),
        ({"modality": "phone"}, "/modality", "invalid", "one of in_person, video"),
        ({"day": "0"}, "/day", "unknown_parameter", "not known here"),
    ],
)
def test_a_wish_that_can_not_be_is_refused_by_name(
    cast: Cast, program: Program, query: dict[str, str], field: str, code: str, rule: str
) -> None:
    answer = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/", **query)
    assert answer.status_code == 400, answer.content
    assert desk.codes(answer) == {(field, code)}
    (error,) = answer.json()["errors"]
    assert error["detail"].startswith(field[1:])
    assert rule in error["detail"]


def test_a_course_under_way_is_planned_on_with_wishes(cast: Cast, program: Program) -> None:
    for days in (1, 2):
        cast.desk("frontdesk").must("sessions/", desk.body(cast, program, start=MONDAY + days * DAY))
    first = cast.desk("frontdesk").must("sessions/", desk.body(cast, program, "dosing", MONDAY + 7 * DAY))
    plan = _plan(cast, program, days="0,2", **{"from": moment(MONDAY + 14 * DAY)[:10]})
    assert {row["kind"] for row in plan["sessions"]} == {"dosing", "integration"}
    assert min(row["starts_at"] for row in plan["sessions"]) > first["ends_at"]
    assert {start.weekday() for start in _starts(plan)} == {0, 2}


@pytest.mark.parametrize("name", ["np", "therapist", "prescriber", "director"])
def test_whoever_books_may_wish(cast: Cast, program: Program, name: str) -> None:
    answer = cast.desk(name).get(f"programs/{program.pk}/plan/", days="0,2")
    assert (answer.status_code, len(answer.json()["sessions"])) == (200, 14)


@pytest.mark.parametrize(("name", "status"), [("billing", 403), ("admin", 403), ("south_frontdesk", 404)])
def test_nobody_else_does(cast: Cast, program: Program, name: str, status: int) -> None:
    assert cast.desk(name).get(f"programs/{program.pk}/plan/", days="0,2").status_code == status
    assert not Session.objects.exists()
