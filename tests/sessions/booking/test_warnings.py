"""What a booking lets pass is said: 201 all the same, with the codes of what somebody should look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from sessions.booking import rules
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys import steps
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, row

DAY = timedelta(days=1)


@pytest.fixture
def program(cast: Cast) -> dict[str, Any]:
    return {"id": str(people.cleared_program(cast).pk)}


@pytest.mark.parametrize(
    ("left_out", "said"), [(None, []), ("np", ["staff_missing"]), ("therapist", ["staff_missing"])]
)
def test_a_dose_is_booked_without_a_part_of_its_team_but_not_without_a_word(
    cast: Cast, program: dict[str, Any], left_out: str | None, said: list[str]
) -> None:
    team = [row(cast.therapist, "therapist"), row(cast.np, "nurse_practitioner")]
    staff = [one for one in team if left_out is None or one["user"] != str(cast.people[left_out].pk)]
    dose = steps.book(cast, program, "dosing", TUESDAY, staff=staff)
    assert (dose["status"], dose["warnings"]) == ("scheduled", said)
    there = {
        "starts_at": moment(TUESDAY + DAY),
        "ends_at": moment(TUESDAY + DAY + timedelta(hours=3)),
        "reason": "Asked",
    }
    path = f"sessions/{dose['id']}/reschedule/"
    assert cast.desk("frontdesk").must(path, there)["warnings"] == said
    assert cast.desk("frontdesk").must(path, there | {"staff": team})["warnings"] == []


def test_each_session_of_a_plan_says_who_is_missing(cast: Cast) -> None:
    program = people.opened_program(cast)
    path = f"programs/{program.pk}/plan/"
    rows = cast.desk("frontdesk").get(path).json()["sessions"]
    dose = next(row for row in rows if row["kind"] == "dosing")
    dose["staff"] = [one for one in dose["staff"] if one["role"] != "nurse_practitioner"]
    booked = cast.desk("frontdesk").must(path, {"sessions": rows})
    assert booked["warnings"] == ["staff_missing"]
    said = {one["starts_at"]: one["warnings"] for one in booked["sessions"] if one["warnings"]}
    assert said == {dose["starts_at"]: ["staff_missing"]}


def test_a_dose_too_soon_after_another_is_booked_and_said(cast: Cast, program: dict[str, Any]) -> None:
    first = steps.book(cast, program, "dosing", TUESDAY)
    soon = steps.book(cast, program, "dosing", TUESDAY + 2 * DAY)
    assert "minimum_gap" in soon["warnings"]
    cast.desk("frontdesk").must(f"sessions/{first['id']}/cancel/", {"reason": "Not needed"})
    there = {"starts_at": soon["starts_at"], "ends_at": soon["ends_at"], "reason": "Looked at again"}
    moved = cast.desk("frontdesk").must(f"sessions/{soon['id']}/reschedule/", there)
    assert moved["warnings"] == []


def test_a_visit_that_ended_without_a_dose_is_no_dose_to_keep_apart_from(
    cast: Cast, program: dict[str, Any]
) -> None:
    visit = steps.book(cast, program, "dosing", MONDAY)
    cast.desk("frontdesk").must(f"sessions/{visit['id']}/check-in/")
    cast.desk("np").must(f"sessions/{visit['id']}/not-dosed/", {"reason": "Had eaten"})
    assert steps.book(cast, program, "dosing", TUESDAY)["warnings"] == []


def test_more_doses_than_the_protocol_plans_are_booked_and_said(cast: Cast) -> None:
    short = people.approved_protocol(cast, planned_doses=4, min_preparations=0)
    course = {"id": str(people.opened_program(cast, protocol=short).pk)}
    said = [steps.book(cast, course, "dosing", TUESDAY + n * 7 * DAY)["warnings"] for n in range(5)]
    assert said == [[], [], [], [], ["planned_doses"]]


def test_a_dose_without_a_free_integration_slot_is_said(cast: Cast, program: dict[str, Any]) -> None:
    gone = {"starts_at": TUESDAY + DAY / 2, "ends_at": TUESDAY + 4 * DAY}
    practice.write_time_off(user=cast.therapist, **gone, reason="Away", by=SYSTEM, at=MONDAY)
    dose = steps.book(cast, program, "dosing", TUESDAY)
    assert dose["warnings"] == ["no_integration_slot"]
    listed = cast.desk("frontdesk").get("tasks/", kind="integration_no_slot", state="open").json()
    assert [task["subject_id"] for task in listed["results"]] == [dose["id"]]
    assert Session.objects.count() == 1


def test_nobody_takes_two_seats_of_a_team(cast: Cast) -> None:
    protocol = people.approved_protocol(cast)
    needs = rules.needs_of(kind="dosing", protocol=protocol, length_min=180)
    both = [row(cast.np, "therapist"), row(cast.np, "nurse_practitioner")]
    assert len(rules.unfilled(needs, both)) == 1
    assert rules.unfilled(needs, [row(cast.therapist, "therapist"), both[1]]) == []
    assert desk.orphans() == []
