"""The course planner: every session of the course in one step, booked all or none."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.booking.models import Allocation, Session
from sessions.booking.rules import Slot
from sessions.course.rules import search
from sessions.course.rules.search import Wish
from tests.cast import MONDAY, Cast, approved_protocol, client, opened_program
from tests.journeys import steps

DENVER = ZoneInfo("America/Denver")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_course_has_preparation_doses_and_an_integration_after_each(cast: Cast) -> None:
    program = opened_program(cast)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert plan["unmet"] == []
    kinds = [row["kind"] for row in plan["sessions"]]
    assert (kinds.count("preparation"), kinds.count("dosing"), kinds.count("integration")) == (2, 6, 6)
    doses = [row for row in plan["sessions"] if row["kind"] == "dosing"]
    integrations = {row["number"]: row for row in plan["sessions"] if row["kind"] == "integration"}
    for earlier, later in itertools.pairwise(doses):
        assert _moment(later["starts_at"]) - _moment(earlier["starts_at"]) >= timedelta(hours=72)
        assert _moment(integrations[earlier["number"]]["ends_at"]) <= _moment(later["starts_at"])
    for dose in doses:
        start = _moment(integrations[dose["number"]]["starts_at"])
        assert (
            _moment(dose["ends_at"]) + timedelta(hours=24)
            <= start
            < _moment(dose["starts_at"]) + timedelta(hours=72)
        )
    span = _moment(doses[-1]["starts_at"]) - _moment(doses[0]["starts_at"])
    assert timedelta(days=21) <= span <= timedelta(days=56)
    assert plan["weeks"] <= 5
    assert not Session.objects.exists()


def test_the_proposal_is_booked_as_it_came(cast: Cast) -> None:
    program = opened_program(cast)
    desk = cast.desk("frontdesk")
    plan = desk.get(f"programs/{program.pk}/plan/").json()
    booked = desk.must(f"programs/{program.pk}/plan/", {"sessions": plan["sessions"]}, status=201)
    assert [row["starts_at"] for row in booked["sessions"]] == [row["starts_at"] for row in plan["sessions"]]
    held = [row for row in booked["sessions"] if row["kind"] == "integration"]
    doses = {row["id"]: row["number"] for row in booked["sessions"] if row["kind"] == "dosing"}
    assert all(row["status"] == "held" and doses[row["for_dose"]] == row["number"] for row in held)
    again = desk.get(f"programs/{program.pk}/plan/").json()
    assert (again["sessions"], again["unmet"]) == ([], [])


def test_doses_planned_without_their_integrations_hold_them_all_the_same(cast: Cast) -> None:
    program = opened_program(cast)
    desk = cast.desk("frontdesk")
    rows = desk.get(f"programs/{program.pk}/plan/").json()["sessions"]
    kept = [row for row in rows if row["kind"] != "integration" or row["number"] == 1]
    booked = desk.must(f"programs/{program.pk}/plan/", {"sessions": kept}, status=201)["sessions"]
    doses = {row["id"]: row for row in booked if row["kind"] == "dosing"}
    held = [row for row in booked if row["kind"] == "integration"]
    assert {row["for_dose"] for row in held} == set(doses)
    assert {row["status"] for row in held} == {"held"}
    assert len(booked) == len(rows)
    for row in held:
        after = _moment(row["starts_at"]) - _moment(doses[row["for_dose"]]["ends_at"])
        assert timedelta(hours=24) <= after < timedelta(hours=72)


def test_a_plan_is_booked_all_or_none(cast: Cast) -> None:
    program = opened_program(cast)
    desk = cast.desk("frontdesk")
    rows = desk.get(f"programs/{program.pk}/plan/").json()["sessions"]
    other = opened_program(
        cast, protocol=program.protocol, who=client(cast.north, by=cast.frontdesk, first="Other")
    )
    in_the_way = {
        "starts_at": rows[-1]["starts_at"],
        "ends_at": rows[-1]["ends_at"],
        "override_reason": "Urgent",
    }
    desk.must(
        "sessions/",
        in_the_way
        | {key: rows[-1][key] for key in ("modality", "room", "staff")}
        | {"program": str(other.pk), "kind": "integration"},
    )
    before = (Session.objects.count(), Allocation.objects.count())
    refused = desk.post(f"programs/{program.pk}/plan/", {"sessions": rows})
    assert (refused.status_code, refused.json()["code"]) == (409, "resource_conflict")
    assert refused.json()["errors"][0]["pointer"] == f"/sessions/{len(rows) - 1}"
    assert refused.json()["conflicts"]
    assert (Session.objects.count(), Allocation.objects.count()) == before
    dose = [row for row in rows if row["kind"] == "dosing"][-1]
    first, last = (
        _moment(dose["ends_at"]) + timedelta(hours=24),
        _moment(dose["starts_at"]) + timedelta(hours=72),
    )
    nearest = refused.json()["nearest"]
    assert 0 < len(nearest) <= 3
    assert all(first <= _moment(slot["starts_at"]) < last for slot in nearest)
    places = {key: nearest[0][key] for key in ("starts_at", "ends_at", "room", "staff")}
    desk.must(f"programs/{program.pk}/plan/", {"sessions": [*rows[:-1], rows[-1] | places]}, status=201)


def test_an_integration_outside_its_window_is_refused(cast: Cast) -> None:
    program = opened_program(cast)
    desk = cast.desk("frontdesk")
    rows = desk.get(f"programs/{program.pk}/plan/").json()["sessions"]
    late = next(row for row in rows if row["kind"] == "integration")
    for key in ("starts_at", "ends_at"):
        late[key] = steps.moment(_moment(late[key]) + timedelta(days=4))
    refused = desk.post(f"programs/{program.pk}/plan/", {"sessions": rows})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "outside_window")
    assert not Session.objects.exists()


def test_a_dose_of_a_plan_has_one_integration(cast: Cast) -> None:
    program = opened_program(cast)
    desk = cast.desk("frontdesk")
    rows = desk.get(f"programs/{program.pk}/plan/").json()["sessions"]
    first = next(row for row in rows if row["kind"] == "integration")
    more = {key: steps.moment(_moment(first[key]) + HOUR) for key in ("starts_at", "ends_at")}
    refused = desk.post(f"programs/{program.pk}/plan/", {"sessions": [*rows, first | more]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "repeated")
    assert not Session.objects.exists()


def test_missing_preparation_is_planned_before_the_dose_that_is_booked(cast: Cast) -> None:
    program = opened_program(cast)
    dose = steps.book(cast, {"id": str(program.pk)}, "dosing", MONDAY + 10 * DAY)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    prepared = [row for row in plan["sessions"] if row["kind"] == "preparation"]
    assert (len(prepared), plan["unmet"]) == (2, [])
    assert max(row["ends_at"] for row in prepared) < dose["starts_at"]
    assert min(row["starts_at"] for row in plan["sessions"] if row["kind"] == "dosing") > dose["starts_at"]


def test_a_dose_that_is_booked_too_early_to_be_prepared_is_said(cast: Cast) -> None:
    program = opened_program(cast)
    steps.book(
        cast, {"id": str(program.pk)}, "dosing", MONDAY + DAY
    )  # one day before it, for two preparations
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert (plan["sessions"], [row["code"] for row in plan["unmet"]]) == ([], ["no_preparation_slot"])
    assert "2026-05-05" in plan["unmet"][0]["detail"]


def test_a_course_is_planned_on_from_a_dose_that_stands_far_ahead(cast: Cast) -> None:
    program = opened_program(cast)
    dose = steps.book(cast, {"id": str(program.pk)}, "dosing", MONDAY + 120 * DAY)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    doses = [_moment(row["starts_at"]) for row in plan["sessions"] if row["kind"] == "dosing"]
    assert (len(doses), plan["unmet"]) == (5, [])
    assert min(doses) >= _moment(dose["starts_at"]) + timedelta(hours=72)


def test_preferred_days_and_hours_come_first(cast: Cast) -> None:
    program = opened_program(cast, preferred_days=[1, 4], preferred_hours={"from": "13:00", "to": "15:00"})
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    doses = [
        _moment(row["starts_at"]).astimezone(DENVER) for row in plan["sessions"] if row["kind"] == "dosing"
    ]
    assert {dose.hour for dose in doses} <= {13, 14}
    assert {dose.weekday() for dose in doses} <= {1, 4}


def test_it_says_which_constraint_is_in_the_way(cast: Cast) -> None:
    nobody = approved_protocol(
        cast,
        name="Needs a biller",
        resources=[{"role": "billing", "from_min": 0, "to_min": 60, "mode": "exclusive"}],
    )
    cast.north.opening_hours = []
    program = opened_program(cast, protocol=nobody)
    cast.north.save_by(cast.admin, at=MONDAY)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert [row["code"] for row in plan["unmet"]] == ["no_dosing_slot"]
    assert plan["sessions"] == []


def test_an_infusion_course_has_neither_preparation_nor_integration(cast: Cast) -> None:
    infusions = approved_protocol(cast, name="Infusion", program_type="infusion_only", route="intravenous")
    program = opened_program(cast, protocol=infusions)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert {row["kind"] for row in plan["sessions"]} == {"dosing"}
    assert len(plan["sessions"]) == 6


@pytest.mark.parametrize(("name", "status"), [("billing", 403), ("admin", 403), ("south_frontdesk", 404)])
def test_others_neither_plan_nor_book(cast: Cast, name: str, status: int) -> None:
    program = opened_program(cast)
    assert cast.desk(name).get(f"programs/{program.pk}/plan/").status_code == status
    assert cast.desk(name).post(f"programs/{program.pk}/plan/", {"sessions": []}).status_code == status
    assert not Session.objects.exists()


# --- the search against trying everything --------------------------------------------------------------------------


def _slot(day: int, minutes: int) -> Slot:
    start = datetime(2026, 5, 4, 15, tzinfo=UTC) + timedelta(days=day)
    return Slot(start, start + timedelta(minutes=minutes), "in_person", None, ())


def _rank(path: tuple[Slot, ...], wish: Wish, integrations: list[Slot]) -> tuple[float, ...] | None:
    """The cost of a course by the words of the requirement, or None when it breaks a rule."""
    closing = None
    for earlier, later in itertools.pairwise(path):
        gap = later.starts_at - earlier.starts_at
        if gap < wish.min_gap or gap > search.LONGEST_GAP:
            return None
        if search.integration_for(earlier, integrations, wish, before=later.starts_at) is None:
            return None
    closing = search.integration_for(path[-1], integrations, wish, before=None)
    span = path[-1].starts_at - path[0].starts_at
    if closing is None or not wish.span[0] <= span <= wish.span[1]:
        return None
    weeks = search.weeks_of(path[0].starts_at, closing.starts_at, wish.zone)
    gaps = sum(((b.starts_at - a.starts_at) / DAY) ** 2 for a, b in itertools.pairwise(path))
    changes = sum(
        a.starts_at.astimezone(DENVER).weekday() != b.starts_at.astimezone(DENVER).weekday()
        for a, b in itertools.pairwise(path)
    )
    return (weeks, closing.starts_at.timestamp(), gaps, changes)


@settings(max_examples=60, deadline=None)
@given(
    days=st.sets(st.integers(0, 26), min_size=3, max_size=11),
    therapy=st.sets(st.integers(0, 29), min_size=2, max_size=25),
    doses=st.integers(2, 4),
)
def test_no_other_choice_of_days_is_better(days: set[int], therapy: set[int], doses: int) -> None:
    wish = Wish(
        0, doses, timedelta(hours=72), (timedelta(days=6), timedelta(days=24)), (24 * HOUR, 72 * HOUR), DENVER
    )
    candidates = [_slot(day, 180) for day in sorted(days)]
    integrations = [_slot(day, 60) for day in sorted(therapy)]
    found = search.best_course(wish, preparations=[], doses=candidates, integrations=integrations)
    ranks = [_rank(path, wish, integrations) for path in itertools.combinations(candidates, doses)]
    possible = [rank for rank in ranks if rank is not None]
    if not possible:
        assert found.unmet
        return
    best = _rank(tuple(found.doses), wish, integrations)
    assert best == pytest.approx(min(possible))


def test_a_course_of_one_dose_is_planned(cast: Cast) -> None:
    """From its first dose to its last there is no time, however long the protocol's shortest course is."""
    protocol = approved_protocol(cast, planned_doses=1, min_preparations=0)
    program = opened_program(cast, protocol=protocol)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    assert [row["kind"] for row in plan["sessions"]] == ["dosing", "integration"]


def test_a_course_that_has_begun_keeps_the_shortest_span(cast: Cast) -> None:
    program = opened_program(cast)
    first = steps.book(cast, {"id": str(program.pk)}, "dosing", MONDAY + 10 * DAY)
    plan = cast.desk("frontdesk").get(f"programs/{program.pk}/plan/").json()
    doses = sorted(row["starts_at"] for row in plan["sessions"] if row["kind"] == "dosing")
    assert (len(doses), plan["unmet"]) == (5, [])
    assert _moment(doses[-1]) - _moment(first["starts_at"]) >= 21 * DAY


def _courses_end(*, after: int | None, began: int | None) -> int | None:
    """The day of the last of two doses, of one slot a day; None without a course."""
    doses = [_slot(day, 60) for day in range(40)]
    wish = Wish(
        preparations=0,
        doses=2,
        min_gap=3 * DAY,
        span=(21 * DAY, 56 * DAY),
        integration=None,
        zone=DENVER,
        after=None if after is None else _slot(after, 60).starts_at,
        began=None if began is None else _slot(began, 60).starts_at,
    )
    course = search.best_course(wish, preparations=[], doses=doses, integrations=[])
    return (course.doses[-1].starts_at - _slot(0, 60).starts_at).days if course.doses else None


@pytest.mark.parametrize(
    ("after", "began", "last"),
    [(None, None, 21), (1, 1, 24), (6, 1, 24), (6, -10, 12), (6, -30, 12), (39, 39, None)],
)
def test_the_span_counts_from_the_first_dose_of_the_course(
    after: int | None, began: int | None, last: int | None
) -> None:
    assert _courses_end(after=after, began=began) == last
