"""A course of its own: its pathway in words, and fewer doses or longer gaps than the protocol's, with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from programs.models import Program
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, refused, sql
from tests.cast import MONDAY, Cast

WORDS = {
    "goals": "Sleep",
    "preference": "With a therapist",
    "past_experience": "None",
    "readiness": "Curious",
    "reasons": "Wants to talk",
}
NOBODY_ASKED = dict.fromkeys(WORDS, "")
FEWER = {"planned_doses": 3, "min_gap_hours": 120, "plan_reason": "Travels far"}


def patch(cast: Cast, program: Program, who: str = "therapist", **values: Any) -> Any:
    return cast.desk(who).patch(f"programs/{program.pk}/", values)


def test_a_pathway_is_kept_in_words_for_either_type(cast: Cast) -> None:
    """Key by key; the front desk may write it down and not read it."""
    infusion = people.approved_protocol(
        cast, name="Infusion", program_type="infusion_only", route="intravenous"
    )
    for protocol in (None, infusion):
        other = people.client(cast.north, by=cast.frontdesk, first=f"Kim{protocol is None}")
        program = people.opened_program(cast, who=other, **({"protocol": protocol} if protocol else {}))
        assert cast.desk("np").get(f"programs/{program.pk}/").json()["pathway"] == NOBODY_ASKED
        assert done(patch(cast, program, "frontdesk", pathway=WORDS), 200)["pathway"] == NOBODY_ASKED
        shown = done(patch(cast, program, pathway={"readiness": "Ready"}), 200)
        assert shown["pathway"] == WORDS | {"readiness": "Ready"}
    refused(patch(cast, program, pathway={"mood": "x"}), 400, "unknown_field", "/pathway/mood")


def test_a_course_may_plan_fewer_doses_further_apart(cast: Cast) -> None:
    program = people.opened_program(cast)
    shown = done(patch(cast, program, **FEWER), 200)
    assert {name: shown[name] for name in FEWER} == FEWER
    assert shown["progress"]["dosing"] == {"done": 0, "planned": 3}
    desk = cast.desk("frontdesk").get(f"programs/{program.pk}/").json()
    assert (desk["planned_doses"], desk["plan_reason"]) == (3, "")
    plan = cast.desk("therapist").get(f"programs/{program.pk}/plan/").json()
    assert sum(row["kind"] == "dosing" for row in plan["sessions"]) == 3
    back = done(patch(cast, program, planned_doses=None, min_gap_hours=None), 200)
    assert (back["planned_doses"], back["plan_reason"], back["progress"]["dosing"]["planned"]) == (
        None,
        "",
        6,
    )


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"planned_doses": 7}, "/planned_doses", "beyond_protocol"),
        ({"planned_doses": 0}, "/planned_doses", "min_value"),
        ({"min_gap_hours": 71}, "/min_gap_hours", "beyond_protocol"),
        ({"min_gap_hours": 56 * 24 // 2 + 1}, "/min_gap_hours", "beyond_protocol"),
        ({"plan_reason": ""}, "/plan_reason", "required"),
    ],
)
def test_never_beyond_the_protocol_and_never_without_a_reason(
    cast: Cast, change: dict[str, Any], pointer: str, code: str
) -> None:
    program = people.opened_program(cast)
    refused(patch(cast, program, **FEWER | change), 400, code, pointer)
    for who in ("frontdesk", "np"):
        refused(patch(cast, program, who, **FEWER), 403, "not_permitted")
    assert Program.objects.get(pk=program.pk).planned_doses is None
    for statement in (
        "UPDATE programs_program SET planned_doses = 2",
        "UPDATE programs_program SET plan_reason = 'x'",
        "UPDATE programs_program SET planned_doses = 0, plan_reason = 'x'",
        "UPDATE programs_program SET maintain_until = '2026-06-01'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)


def test_the_last_dose_of_its_own_plan_ends_dosing_and_its_own_gap_holds_the_next(cast: Cast) -> None:
    with clock.fixed(MONDAY - timedelta(days=4)):
        edition = people.approved_protocol(cast, name="Own", min_preparations=0)
        program = people.cleared_program(cast, protocol=edition)
        done(patch(cast, program, **FEWER | {"planned_doses": 2}), 200)
        row = people.owed(cast, program)
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    session = people.ready_dose(cast, program)
    found = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    gap = next(row for row in found if row["code"] == "minimum_gap")
    assert (gap["state"], gap["detail"][:5]) == ("open", "120 h")
    refused(patch(cast, program, planned_doses=1), 400, "doses_given", "/planned_doses")
    done(patch(cast, program, min_gap_hours=None), 200)
    people.give(cast, session)
    program.refresh_from_db()
    assert program.phase == "integration"
    refused(patch(cast, program, planned_doses=3), 400, "too_late", "/planned_doses")
    done(patch(cast, program, plan_reason="Moves away"), 200)
