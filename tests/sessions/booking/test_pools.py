"""Pools and staggered parts: any of these people, several at once, on site only, and back for the discharge."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from kapclinic.practice.models import User
from programs import policy
from programs.models import Program, Protocol
from programs.rules import protocol_errors
from sessions.booking import rules
from sessions.booking.models import Allocation, Session
from sessions.booking.rules import Need
from tests import cast as people
from tests.cast import Cast
from tests.journeys.steps import moment
from tests.sessions.absences.leaving import away, looked_at
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body, codes, row

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NURSE = {"role": "nurse_practitioner", "from_min": 0, "to_min": 180, "mode": "monitor"}
START = {"role": "nurse_practitioner", "from_min": 0, "to_min": 30, "mode": "exclusive"}
DISCHARGE = {"role": "nurse_practitioner", "from_min": 150, "to_min": 180, "mode": "exclusive"}
THERAPY = {"role": "therapist", "from_min": 0, "to_min": 180, "mode": "exclusive"}
ON_SITE = {"role": "prescriber", "from_min": 0, "to_min": 120, "mode": "on_site"}


def _any_of(*users: User) -> dict[str, Any]:
    return {"any_of": [str(user.pk) for user in users]}


def _offers(cast: Cast, program: Program, **query: Any) -> list[dict[str, Any]]:
    """Free starts of a dose on Tuesday."""
    asked = {"kind": "dosing", "program": str(program.pk), "from": "2026-05-05", "to": "2026-05-05"}
    answer = cast.desk("frontdesk").get("availability/", **asked | query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]  # type: ignore[no-any-return]


def _people(slot: dict[str, Any], role: str = "therapist") -> list[str]:
    return [each["user"] for each in slot["staff"] if each["role"] == role]


def _away(cast: Cast, *users: User) -> None:
    for user in users:
        hours = {"starts_at": moment(TUESDAY - HOUR), "ends_at": moment(TUESDAY + 11 * HOUR)}
        cast.desk("admin").must(f"staff/{user.pk}/time-off/", hours)


def _nurse_held(session: Any) -> list[tuple[Any, Any]]:
    held = Allocation.objects.filter(session_id=session["id"], role="nurse_practitioner", released_at=None)
    return sorted(held.values_list("starts_at", "ends_at"))


@pytest.fixture
def third(cast: Cast) -> User:
    return people.staff("third_therapist", ["therapist"], cast.north, kap_trained=True)


# --- the template ----------------------------------------------------------------------------------------

ONE, TWO = "01a1f000-0000-7000-8000-000000000001", "01a1f000-0000-7000-8000-000000000002"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"any_of": []}, "/resources/0/any_of"),
        ({"any_of": "everybody"}, "/resources/0/any_of"),
        ({"any_of": [ONE, ONE.upper()]}, "/resources/0/any_of"),
        ({"any_of": ["7"]}, "/resources/0/any_of"),
        ({"any_of": [7, None]}, "/resources/0/any_of"),
        ({"any_of": [f"{ONE[:-2]}{n:02}" for n in range(21)]}, "/resources/0/any_of"),
        ({"any_of": [ONE, TWO], "count": 3}, "/resources/0/count"),
        ({"count": 0}, "/resources/0/count"),
        ({"count": True}, "/resources/0/count"),
        ({"count": 21}, "/resources/0/count"),
        ({"mode": "on_site"}, "/resources/0/mode"),
        ({"mode": "nearby"}, "/resources/0"),
        ({"some_of": [ONE]}, "/resources/0"),
    ],
)
def test_a_pool_that_can_not_work_is_refused_by_name(change: dict[str, Any], pointer: str) -> None:
    values = {"program_type": "kap", "route": "sublingual", "resources": [THERAPY | change]}
    assert [error.pointer for error in protocol_errors(policy.filled(values))] == [pointer]


def test_a_team_has_twenty_people_at_most() -> None:
    values = {"program_type": "kap", "route": "sublingual", "resources": [THERAPY | {"count": 11}] * 2}
    assert [error.pointer for error in protocol_errors(policy.filled(values))] == ["/resources"]


def test_a_pool_names_people_who_hold_the_role(cast: Cast) -> None:
    draft = {"name": "Pooled", "program_type": "kap", "route": "sublingual"}
    wrong = draft | {"resources": [NURSE, THERAPY | _any_of(cast.therapist, cast.np)]}
    refused = cast.desk("director").post("protocols/", wrong)
    assert (refused.status_code, codes(refused)) == (400, {("/resources/1/any_of", "not_found")})
    assert not Protocol.objects.exists()
    good = draft | {"resources": [NURSE, THERAPY | _any_of(cast.therapist) | {"count": 1}]}
    assert cast.desk("director").must("protocols/", good)["resources"] == good["resources"]


# --- any of these ----------------------------------------------------------------------------------------


def test_the_assigned_therapist_comes_first_and_then_the_pool_in_its_order(cast: Cast, third: User) -> None:
    pool = _any_of(third, cast.other_therapist, cast.therapist)
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | pool])
    for expected in (cast.therapist, third, cast.other_therapist):
        offers = _offers(cast, program)
        assert {user for slot in offers for user in _people(slot)} == {str(expected.pk)}
        _away(cast, expected)
    assert _offers(cast, program) == []


def test_nobody_outside_the_pool_is_offered(cast: Cast, third: User) -> None:
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | _any_of(third)])
    offers = _offers(cast, program)
    assert {user for slot in offers for user in _people(slot)} == {str(third.pk)}
    assert _offers(cast, program, staff=str(cast.therapist.pk)) == []


def test_two_at_once_are_offered_only_while_two_are_free(cast: Cast, third: User) -> None:
    pool = _any_of(third, cast.therapist, cast.other_therapist) | {"count": 2}
    program, other = desk.programs_of(cast, 2, resources=[NURSE, THERAPY | pool])
    assert [_people(slot) for slot in _offers(cast, program)[:1]] == [[str(cast.therapist.pk), str(third.pk)]]
    _away(cast, third)
    offers = _offers(cast, program)
    assert {tuple(_people(slot)) for slot in offers} == {
        (str(cast.therapist.pk), str(cast.other_therapist.pk))
    }
    made = cast.desk("frontdesk").must(
        "sessions/", offers[0] | {"program": str(program.pk), "kind": "dosing"}
    )
    assert len([kind for kind, _ in desk.live(made) if kind == "staff"]) == 3
    assert moment(TUESDAY) not in [slot["starts_at"] for slot in _offers(cast, other)]


def test_who_is_in_two_pools_leaves_the_other_free_for_theirs(cast: Cast) -> None:
    """The assigned therapist would come first in both rows; then nobody were left for the second."""
    lead = THERAPY | _any_of(cast.therapist, cast.other_therapist)
    second = THERAPY | _any_of(cast.therapist)
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, lead, second])
    offers = _offers(cast, program)
    assert [_people(slot) for slot in offers[:1]] == [[str(cast.other_therapist.pk), str(cast.therapist.pk)]]
    with transaction.atomic():
        cast.desk("frontdesk").must("sessions/", offers[0] | {"program": str(program.pk), "kind": "dosing"})
        transaction.set_rollback(True)


@settings(max_examples=80, deadline=None)
@given(options=st.lists(st.lists(st.integers(0, 4), unique=True, max_size=4), max_size=4))
def test_as_many_seats_are_filled_as_can_be_and_the_first_choices_first(options: list[list[int]]) -> None:
    every = itertools.product(*([*ones, None] for ones in options))
    fair = [pick for pick in every if len(real := [x for x in pick if x is not None]) == len(set(real))]
    places = {
        pick: [ones.index(x) if x is not None else 99 for x, ones in zip(pick, options, strict=True)]
        for pick in fair
    }
    best = min(fair, key=lambda pick: (sum(x is None for x in pick), places[pick]))
    assert rules.filled(options) == list(best)


def test_staff_outside_the_pool_need_a_reason(cast: Cast, third: User) -> None:
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | _any_of(third)])
    front, wanted = cast.desk("frontdesk"), body(cast, program, "dosing")
    refused = front.post("sessions/", wanted)
    assert (refused.status_code, codes(refused)) == (400, {("/staff/0/user", "outside_pool")})
    assert desk.book_of_sessions() == ([], [])
    made = front.must("sessions/", wanted | {"override_reason": "The pool is ill."})
    assert ("staff", cast.therapist.pk) in desk.live(made)


def test_a_move_asks_for_the_pool_again(cast: Cast, third: User) -> None:
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | _any_of(third)])
    front = cast.desk("frontdesk")
    inside = [row(third, "therapist"), row(cast.np, "nurse_practitioner")]
    made = front.must("sessions/", body(cast, program, "dosing", staff=inside))
    before = desk.live(made)
    times = {"starts_at": moment(TUESDAY + 4 * HOUR), "ends_at": moment(TUESDAY + 7 * HOUR)}
    outside = times | {"staff": body(cast, program, "dosing")["staff"], "reason": "Ill"}
    refused = front.post(f"sessions/{made['id']}/reschedule/", outside)
    assert codes(refused) == {("/staff/0/user", "outside_pool")}
    assert desk.live(made) == before
    front.must(f"sessions/{made['id']}/reschedule/", times | {"reason": "Later"})


def test_a_booking_may_still_leave_somebody_out(cast: Cast, third: User) -> None:
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | _any_of(third) | {"count": 1}])
    nurse = [row(cast.np, "nurse_practitioner")]
    cast.desk("frontdesk").must("sessions/", body(cast, program, "dosing", staff=nurse))


# --- on site ---------------------------------------------------------------------------------------------


def test_a_prescriber_on_site_is_at_work_and_held_for_nothing(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2, resources=[NURSE, THERAPY, ON_SITE])
    front = cast.desk("frontdesk")
    hours = [{"location": str(cast.north.pk), "weekday": 1, "from": "10:00", "to": "16:00"}]
    cast.desk("admin").put(f"staff/{cast.prescriber.pk}/working-hours/", hours)
    offers = _offers(cast, first)
    assert offers[0]["starts_at"] == moment(TUESDAY + HOUR)
    assert offers[-1]["starts_at"] == moment(TUESDAY + 5 * HOUR)  # two hours of it end at 16:00
    assert _people(offers[0], "prescriber") == []
    made = front.must("sessions/", offers[0] | {"program": str(first.pk), "kind": "dosing"})
    assert ("staff", cast.prescriber.pk) not in desk.live(made)
    beside = [slot for slot in _offers(cast, second) if slot["starts_at"] == moment(TUESDAY + HOUR)]
    front.must("sessions/", beside[0] | {"program": str(second.pk), "kind": "dosing"})


def test_a_dose_without_its_prescriber_on_site_needs_a_reason(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY, ON_SITE])
    _away(cast, cast.prescriber)
    front, wanted = cast.desk("frontdesk"), body(cast, program, "dosing")
    refused = front.post("sessions/", wanted)
    assert (refused.status_code, refused.json()["code"]) == (400, "outside_hours")
    assert codes(refused) == {("/staff", "off_site")}
    assert desk.book_of_sessions() == ([], [])
    front.must("sessions/", wanted | {"override_reason": "A locum comes."})


def test_two_on_site_are_two_people(cast: Cast) -> None:
    pair = ON_SITE | {"count": 2}
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY, pair])
    assert _offers(cast, program) == []
    people.staff("second_prescriber", ["prescriber"], cast.north)
    assert _offers(cast, program) != []


# --- staggered parts -------------------------------------------------------------------------------------


@pytest.fixture
def staggered(cast: Cast) -> list[Program]:
    return desk.programs_of(cast, 2, resources=[START, DISCHARGE, THERAPY])


def test_the_nurse_of_start_and_discharge_is_free_in_between(cast: Cast, staggered: list[Program]) -> None:
    first, second = staggered
    front = cast.desk("frontdesk")
    made = front.must("sessions/", body(cast, first, "dosing"))
    parts = [(TUESDAY, TUESDAY + 30 * MINUTE), (TUESDAY + 150 * MINUTE, TUESDAY + 180 * MINUTE)]
    assert _nurse_held(made) == parts
    at_discharge = body(cast, second, "dosing", TUESDAY + 150 * MINUTE, room=str(cast.birch.pk))
    at_discharge["staff"][0] = row(cast.other_therapist, "therapist")
    refused = front.post("sessions/", at_discharge)
    assert (refused.status_code, refused.json()["code"]) == (409, "resource_conflict")
    assert desk.clashes(refused) == {(str(cast.np.pk), made["id"])}
    between = {slot["starts_at"]: slot for slot in _offers(cast, second)}
    offered = [text for text in between if moment(TUESDAY) <= text <= moment(TUESDAY + 180 * MINUTE)]
    clear = [*range(30, 121, 15), 180]  # neither part of one meets a part of the other
    assert offered == [moment(TUESDAY + n * MINUTE) for n in clear]
    slot = between[moment(TUESDAY + 60 * MINUTE)]
    front.must("sessions/", slot | {"program": str(second.pk), "kind": "dosing"})
    assert desk.overlaps() == 0


def test_both_parts_move_together(cast: Cast, staggered: list[Program]) -> None:
    front = cast.desk("frontdesk")
    made = front.must("sessions/", body(cast, staggered[0], "dosing"))
    start = TUESDAY + 5 * HOUR
    there = {"starts_at": moment(start), "ends_at": moment(start + 3 * HOUR), "reason": "Later"}
    front.must(f"sessions/{made['id']}/reschedule/", there)
    parts = [(start, start + 30 * MINUTE), (start + 150 * MINUTE, start + 180 * MINUTE)]
    assert _nurse_held(made) == parts
    assert desk.orphans() == []


def test_a_plan_of_staggered_parts_asks_for_one_nurse_and_is_booked(
    cast: Cast, staggered: list[Program]
) -> None:
    front, path = cast.desk("frontdesk"), f"programs/{staggered[0].pk}/plan/"
    plan = front.get(path).json()["sessions"]
    doses = [one for one in plan if one["kind"] == "dosing"]
    assert [_people(dose, "nurse_practitioner") for dose in doses] == [[str(cast.np.pk)]] * 6
    for made in front.must(path, {"sessions": plan}, status=201)["sessions"]:
        assert len(_nurse_held(made)) == (2 if made["kind"] == "dosing" else 0)


def test_a_plan_goes_to_the_pool_when_the_assigned_therapist_is_away(cast: Cast, third: User) -> None:
    """The assigned therapist where they can, another of the pool where they can't."""
    pool = _any_of(cast.therapist, third)
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | pool], planned_doses=4)
    front = cast.desk("frontdesk")
    doses = [
        one for one in front.get(f"programs/{program.pk}/plan/").json()["sessions"] if one["kind"] == "dosing"
    ]
    assert [_people(dose) for dose in doses] == [[str(cast.therapist.pk)]] * 4
    morning = [
        {"location": str(cast.north.pk), "weekday": n, "from": "08:00", "to": "10:00"} for n in range(7)
    ]
    cast.desk("admin").put(f"staff/{cast.therapist.pk}/working-hours/", morning)
    plan = front.get(f"programs/{program.pk}/plan/").json()["sessions"]
    doses = [one for one in plan if one["kind"] == "dosing"]
    assert [_people(dose) for dose in doses] == [[str(third.pk)]] * 4
    front.must(f"programs/{program.pk}/plan/", {"sessions": plan}, status=201)
    assert Session.objects.filter(kind="dosing").count() == 4


def test_who_stands_in_for_one_of_two_comes_beside_the_other(cast: Cast, third: User) -> None:
    pool = _any_of(cast.therapist, cast.other_therapist, third) | {"count": 2}
    (program,) = desk.programs_of(cast, 1, resources=[NURSE, THERAPY | pool])
    made = _offers(cast, program)[0] | {"program": str(program.pk), "kind": "dosing"}
    assert _people(made) == [str(cast.therapist.pk), str(cast.other_therapist.pk)]
    cast.desk("frontdesk").must("sessions/", made)
    (session, *_) = looked_at(cast, away(cast.therapist))["sessions"]
    proposals = [one for one in session["replacements"] if one["kind"] == "other_staff"]
    assert [sorted(_people(one)) for one in proposals] == [
        sorted([str(cast.other_therapist.pk), str(third.pk)])
    ]


def test_rows_that_overlap_are_two_people() -> None:
    """Who is more than the protocol asks for is held like the first."""
    two = [Need("therapist", 0, 180, "exclusive"), Need("therapist", 60, 120, "exclusive")]
    staff = [{"user": str(UUID(int=n)), "role": "therapist"} for n in (1, 2, 3)]
    held = rules.parts_of(two, staff)
    assert [[(part.from_min, part.to_min) for part in parts] for parts in held] == [
        [(0, 180)],
        [(60, 120)],
        [(0, 180)],
    ]
