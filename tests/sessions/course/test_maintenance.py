"""A course goes on after its doses: at its own rhythm, no denser than the protocol allows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from programs.models import Program
from sessions.booking.models import Session
from sessions.course import services as course
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast

LATER = MONDAY + timedelta(days=8)


def dosed(cast: Cast) -> Program:
    """All doses of the course are given; the integration of the last one is still owed."""
    row = people.owed(cast)
    course.end_dosing(program_id=row.program_id, by=cast.therapist, at=clock.now())
    program: Program = row.program
    program.refresh_from_db()
    return program


def done_with_doses(cast: Cast) -> Program:
    program = dosed(cast)
    (row,) = program.obligations.all()
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    return program


def maintain(cast: Cast, program: Program, who: str = "therapist", **body: Any) -> Any:
    return cast.desk(who).post(f"programs/{program.pk}/maintain/", {"every_days": 14} | body)


def starts(plan: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(row["starts_at"]) for row in plan["sessions"]]


def test_maintenance_begins_and_its_sessions_are_proposed_and_booked(cast: Cast) -> None:
    program = done_with_doses(cast)
    with clock.fixed(LATER):
        shown = done(maintain(cast, program, until="2026-06-30"), 200)
        assert (shown["phase"], shown["maintain_every_days"], shown["maintain_until"]) == (
            "maintenance",
            14,
            "2026-06-30",
        )
        assert [row["phase"] for row in shown["phases"]][-2:] == ["integration", "maintenance"]
        plan, last = shown["plan"], MONDAY
        assert {row["kind"] for row in plan["sessions"]} == {"maintenance"}
        assert [row["number"] for row in plan["sessions"]] == [1, 2, 3, 4]
        for moment in starts(plan):
            assert timedelta(days=14) <= moment - last < timedelta(days=28)
            last = moment
        assert not Session.objects.filter(kind="maintenance").exists()
        path = f"programs/{program.pk}/plan/"
        assert cast.desk("frontdesk").get(path).json() == plan
        cast.desk("frontdesk").must(path, {"sessions": plan["sessions"][:2]}, status=201)
        rest = cast.desk("frontdesk").get(path).json()
        assert starts(rest) == starts(plan)[2:]
        assert [row["number"] for row in rest["sessions"]] == [3, 4]
        again = done(maintain(cast, program, "prescriber", every_days=28), 200)
        assert (again["maintain_every_days"], again["maintain_until"]) == (28, None)
        assert len(again["phases"]) == len(shown["phases"])
        assert len(again["plan"]["sessions"]) == 6
        ended = cast.desk("therapist").must(f"programs/{program.pk}/complete/", {}, status=200)
        assert ended["status"] == "completed"
        refused(maintain(cast, program), 409, "illegal_transition")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"every_days": 6}, "/every_days", "too_often"),
        ({"every_days": 0}, "/every_days", "min_value"),
        ({"until": "2026-05-03"}, "/until", "past"),
        ({"until": "soon"}, "/until", "invalid"),
        ({"weeks": 2}, "/weeks", "unknown_field"),
    ],
)
def test_no_denser_than_the_protocol_and_not_into_the_past(
    cast: Cast, body: dict[str, Any], pointer: str, code: str
) -> None:
    program = done_with_doses(cast)
    refused(maintain(cast, program, **body), 400, code, pointer)
    program.refresh_from_db()
    assert (program.phase, program.maintain_every_days) == ("integration", None)


def test_not_before_the_doses_are_given_nor_while_an_integration_is_owed(cast: Cast) -> None:
    early = people.opened_program(cast)
    refused(maintain(cast, early), 409, "illegal_transition")
    program = dosed(cast)
    refused(maintain(cast, program), 409, "integration_owed")
    for who in ("frontdesk", "np", "billing"):
        refused(maintain(cast, program, who), 403, "not_permitted")
    assert (
        cast.desk("south_prescriber").post(f"programs/{program.pk}/maintain/", {"every_days": 14}).status_code
        == 404
    )
    program.refresh_from_db()
    assert program.phase == "integration"


def test_a_day_without_room_is_named_and_the_next_one_is_still_proposed(cast: Cast) -> None:
    program = done_with_doses(cast)
    with clock.fixed(LATER):
        start = MONDAY + timedelta(days=14)
        body = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(days=14)).isoformat()}
        cast.desk("admin").must(f"staff/{cast.therapist.pk}/time-off/", body | {"reason": "Away"})
        plan = done(maintain(cast, program), 200)["plan"]
        assert [row["code"] for row in plan["unmet"]] == ["no_maintenance_slot"]
        assert starts(plan)[0] >= start + timedelta(days=14)
        assert len(plan["sessions"]) == 5
