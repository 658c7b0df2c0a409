"""Free starts: each one is a valid booking, and nothing that is taken is offered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from kapclinic.core import clock
from programs import services as programs
from programs.models import Program
from tests import cast as people
from tests.cast import KINDS, MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY, body, row

HOUR = timedelta(hours=1)
DENVER, NEW_YORK = ZoneInfo("America/Denver"), ZoneInfo("America/New_York")


def _find(
    cast: Cast, program: Program, kind: str = "preparation", by: str = "frontdesk", **query: Any
) -> dict[str, Any]:
    wanted = {"kind": kind, "program": str(program.pk), "from": "2026-05-05", "to": "2026-05-05"} | query
    answer = cast.desk(by).get("availability/", **{key: value for key, value in wanted.items() if value})
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def _starts(found: dict[str, Any], zone: ZoneInfo = DENVER) -> list[str]:
    return [
        datetime.fromisoformat(slot["starts_at"]).astimezone(zone).strftime("%H:%M")
        for slot in found["results"]
    ]


def _book_each(
    cast: Cast, program: Program, kind: str, slots: list[dict[str, Any]], by: str = "frontdesk"
) -> None:
    """POST each slot as it stands, and take it back."""
    for slot in slots:
        with transaction.atomic():
            cast.desk(by).must("sessions/", slot | {"program": str(program.pk), "kind": kind})
            assert desk.overlaps() == 0
            transaction.set_rollback(True)


@pytest.fixture
def busy(cast: Cast) -> Program:
    """A course at a clinic where things are going on: sessions, a dose, turnover, time off; and its own sessions."""
    mine, other, third = desk.programs_of(cast, 3)
    front = cast.desk("frontdesk")
    people.room("Dogwood", cast.north, ["preparation", "medical"], turnover=25)
    front.must("sessions/", body(cast, other, start=TUESDAY))
    front.must("sessions/", body(cast, third, "dosing", start=TUESDAY + 2 * HOUR, room=str(cast.birch.pk)))
    front.must("sessions/", body(cast, mine, start=TUESDAY + 6 * HOUR))
    front.must("sessions/", body(cast, mine, "medical", start=TUESDAY + 8 * HOUR))
    away = {"starts_at": moment(TUESDAY + 7 * HOUR), "ends_at": moment(TUESDAY + 8 * HOUR)}
    cast.desk("admin").must(f"staff/{cast.therapist.pk}/time-off/", away)
    return mine


@pytest.mark.parametrize(
    ("kind", "modality"),
    [(kind, how) for kind in KINDS for how in ("in_person", "video") if (kind, how) != ("dosing", "video")],
)
def test_each_of_the_first_starts_is_a_valid_booking(
    cast: Cast, busy: Program, kind: str, modality: str
) -> None:
    found = _find(cast, busy, kind, modality=modality)
    assert len(found["results"]) >= 4
    _book_each(cast, busy, kind, found["results"][:20])


def test_starts_are_on_the_quarter_hour_earliest_first(cast: Cast) -> None:
    starts = _starts(_find(cast, people.opened_program(cast)))
    assert starts == [f"{hour:02}:{minute:02}" for hour in range(8, 20) for minute in (0, 15, 30, 45)][:45]


def test_an_entry_says_what_a_booking_would_hold(cast: Cast) -> None:
    slot = _find(cast, people.opened_program(cast), "dosing")["results"][0]
    assert slot["modality"] == "in_person"
    assert slot["room"] == str(cast.aspen.pk)
    staff = [row(cast.np, "nurse_practitioner"), row(cast.therapist, "therapist")]
    assert sorted(slot["staff"], key=lambda each: each["role"]) == staff
    assert slot["ends_at"] == "2026-05-05T17:00:00Z"


# --- what is not offered ---------------------------------------------------------------------------------


def test_what_is_taken_is_not_offered(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    front = cast.desk("frontdesk")
    front.must("sessions/", body(cast, first, start=TUESDAY))
    staff = [row(cast.other_therapist, "therapist")]
    front.must(
        "sessions/", body(cast, second, start=TUESDAY + 4 * HOUR, room=str(cast.birch.pk), staff=staff)
    )
    mine = _find(cast, first)
    assert "08:00" in _starts(mine)
    assert not {"08:15", "09:00", "09:45"} & set(_starts(mine))  # the client is in a session
    by_start = {slot["starts_at"]: slot for slot in _find(cast, second)["results"]}
    taken = by_start[moment(TUESDAY)]
    assert taken["room"] == str(cast.birch.pk)
    assert taken["staff"] == [row(cast.other_therapist, "therapist")]


def test_a_cancelled_session_is_free_again(cast: Cast) -> None:
    program = people.opened_program(cast)
    session = cast.desk("frontdesk").must("sessions/", body(cast, program))
    assert "09:00" not in _starts(_find(cast, program))
    cast.desk("frontdesk").must(f"sessions/{session['id']}/cancel/", {"reason": "Ill"})
    assert "09:00" in _starts(_find(cast, program))


def test_time_off_is_not_offered(cast: Cast) -> None:
    program = people.opened_program(cast)
    away = {"starts_at": moment(TUESDAY), "ends_at": moment(TUESDAY + HOUR)}
    cast.desk("admin").must(f"staff/{cast.therapist.pk}/time-off/", away)
    by_start = {slot["starts_at"]: slot["staff"][0]["user"] for slot in _find(cast, program)["results"]}
    other, assigned = str(cast.other_therapist.pk), str(cast.therapist.pk)
    assert by_start[moment(TUESDAY - HOUR)] == assigned
    assert by_start[moment(TUESDAY - HOUR / 4)] == other
    assert by_start[moment(TUESDAY + HOUR * 3 / 4)] == other
    assert by_start[moment(TUESDAY + HOUR)] == assigned


def test_turnover_is_not_offered(cast: Cast) -> None:
    where = people.room("Dogwood", cast.north, KINDS, turnover=30)
    first, second = desk.programs_of(cast, 2)
    only = {"room": str(where.pk)}
    cast.desk("frontdesk").must("sessions/", body(cast, first, start=TUESDAY + HOUR, **only))
    starts = _starts(_find(cast, second, **only))
    assert "08:30" in starts  # 08:30–09:30 and its turnover until 10:00
    assert not {"08:45", "09:00", "11:15"} & set(starts)
    assert "11:30" in starts


def test_a_room_for_other_kinds_is_not_offered(cast: Cast) -> None:
    people.room("Aardvark", cast.north, ["medical"])
    people.room("Abyss", cast.south, KINDS)
    program = people.opened_program(cast)
    assert {slot["room"] for slot in _find(cast, program)["results"]} == {str(cast.aspen.pk)}
    assert _find(cast, program, room=str(cast.cedar.pk))["count"] == 0


def test_a_location_without_a_fitting_room_offers_nothing_in_person(cast: Cast) -> None:
    for where in (cast.aspen, cast.birch):
        cast.desk("admin").patch(f"rooms/{where.pk}/", {"kinds": ["dosing"]})
    program = people.opened_program(cast)
    assert _find(cast, program)["count"] == 0
    assert _find(cast, program, modality="video")["count"] == 45


def test_the_assigned_therapist_comes_first(cast: Cast) -> None:
    approved = people.approved_protocol(cast)
    for assigned in (cast.therapist, cast.other_therapist):
        who = people.client(cast.north, by=cast.frontdesk)
        program = people.opened_program(cast, protocol=approved, who=who, therapist=assigned.pk)
        staff = {slot["staff"][0]["user"] for slot in _find(cast, program)["results"]}
        assert staff == {str(assigned.pk)}


def test_somebody_elses_slots_can_be_asked_for(cast: Cast) -> None:
    program = people.opened_program(cast)
    found = _find(cast, program, staff=str(cast.other_therapist.pk))
    assert found["count"] == 45
    assert {slot["staff"][0]["user"] for slot in found["results"]} == {str(cast.other_therapist.pk)}
    _book_each(cast, program, "preparation", found["results"][:3])


def test_whoever_can_fill_one_role_only_is_taken_first(cast: Cast) -> None:
    """One person is nurse and therapist, another nurse only: together they can hold a dose."""
    for user in (cast.np, cast.other_therapist):
        user.is_active = False
        user.save_by(cast.admin, at=clock.now())
    cast.therapist.roles = ["therapist", "nurse_practitioner"]
    cast.therapist.save_by(cast.admin, at=clock.now())
    nurse = people.staff("second_np", ["nurse_practitioner"], cast.north)
    program = people.opened_program(cast)
    found = _find(cast, program, "dosing")["results"]
    expected = [row(nurse, "nurse_practitioner"), row(cast.therapist, "therapist")]
    assert sorted(found[0]["staff"], key=lambda each: each["role"]) == expected
    _book_each(cast, program, "dosing", found[:3])


def test_a_dose_needs_a_place_with_the_nurse(cast: Cast) -> None:
    cast.np.monitor_capacity = 1
    cast.np.save_by(cast.admin, at=clock.now())
    first, second = desk.programs_of(cast, 2)
    staff = [row(cast.other_therapist, "therapist"), row(cast.np, "nurse_practitioner")]
    cast.desk("frontdesk").must(
        "sessions/", body(cast, first, "dosing", room=str(cast.birch.pk), staff=staff)
    )
    starts = _starts(_find(cast, second, "dosing"))
    assert starts[0] == "12:00"  # 09:00–12:00 the nurse's one place is taken


# --- which times -----------------------------------------------------------------------------------------


def test_a_past_from_is_taken_as_now(cast: Cast) -> None:
    program = people.opened_program(cast)
    found = _find(cast, program, **{"from": "2026-05-01", "to": "2026-05-04"})
    assert found["results"][0]["starts_at"] == moment(MONDAY)
    with clock.fixed(MONDAY + timedelta(minutes=1)):
        found = _find(cast, program, **{"from": "2026-05-01T08:00:00Z", "to": "2026-05-04"})
        assert found["results"][0]["starts_at"] == moment(MONDAY + timedelta(minutes=15))
    assert _find(cast, program, **{"from": "2026-04-01", "to": "2026-05-03"})["count"] == 0


def test_two_weeks_are_searched_unless_said(cast: Cast) -> None:
    found = _find(cast, people.opened_program(cast), **{"from": None, "to": None, "page_size": "200"})
    assert found["results"][0]["starts_at"] == moment(MONDAY)
    assert found["count"] == 14 * 45
    pages = [found]
    while pages[-1]["next"]:
        pages.append(cast.desk("frontdesk").client.get(pages[-1]["next"]).json())
    starts = [slot["starts_at"] for page in pages for slot in page["results"]]
    assert len(starts) == len(set(starts)) == found["count"]
    assert starts == sorted(starts)
    assert starts[-1] < moment(MONDAY + timedelta(days=14))


def test_nothing_is_offered_that_booking_finds_too_far_ahead(cast: Cast) -> None:
    program = people.opened_program(cast)  # two years after MONDAY 09:00 in Denver is a Wednesday, 09:00
    found = _find(cast, program, **{"from": "2028-05-03", "to": "2028-05-05"})
    assert _starts(found) == ["08:00", "08:15", "08:30", "08:45"]
    _book_each(cast, program, "preparation", found["results"][-1:])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"duration": "721"}, "/duration"),
        ({"flavour": "mint"}, "/flavour"),
        ({"ordering": "starts_at"}, "/ordering"),
        ({"kind": "massage"}, "/kind"),
        ({"kind": None}, "/kind"),
        ({"program": None}, "/program"),
        ({"program": "7"}, "/program"),
        ({"modality": "telepathy"}, "/modality"),
        ({"from": "2026-05-05T09:00:00"}, "/from"),
        ({"from": "tomorrow"}, "/from"),
        ({"from": "2026-02-30"}, "/from"),
        ({"to": "2027-05-05"}, "/to"),
        ({"to": "9999-12-31"}, "/to"),
        ({"from": "2026-05-06", "to": "2026-05-05"}, "/to"),
        ({"from": "2026-05-05T10:00:00Z", "to": "2026-05-05T10:00:00Z"}, "/to"),
        ({"page_size": "201"}, "/page_size"),
        ({"room": "aspen"}, "/room"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(cast: Cast, query: dict[str, Any], field: str) -> None:
    program = people.opened_program(cast)
    wanted = {"kind": "preparation", "program": str(program.pk)} | query
    answer = cast.desk("frontdesk").get(
        "availability/", **{key: value for key, value in wanted.items() if value}
    )
    assert answer.status_code == 400, answer.content
    assert {error["pointer"] for error in answer.json()["errors"]} == {field}


def test_a_program_of_another_location_does_not_exist(cast: Cast) -> None:
    query = {"kind": "preparation", "program": str(people.opened_program(cast).pk)}
    assert cast.desk("south_frontdesk").get("availability/", **query).status_code == 404


# --- the two days of the year that have 23 and 25 hours --------------------------------------------------


def _at_night(cast: Cast, where: Any) -> None:
    """Open around the clock, with staff who work around the clock."""
    hours = [{"weekday": day, "from": "00:00", "to": "23:59"} for day in range(7)]
    assert cast.desk("admin").patch(f"locations/{where.pk}/", {"opening_hours": hours}).status_code == 200
    for user in (cast.therapist, cast.other_therapist, cast.south_therapist):
        rows = [row_ | {"location": str(where.pk)} for row_ in hours]
        assert cast.desk("admin").put(f"staff/{user.pk}/working-hours/", rows).status_code == 200


@pytest.fixture
def southern(cast: Cast) -> Callable[[], Program]:
    def build() -> Program:
        client = people.client(cast.south, by=cast.south_frontdesk)
        who = {
            "location": cast.south.pk,
            "therapist": cast.south_therapist.pk,
            "prescriber": cast.south_prescriber.pk,
        }
        values = {
            "client": client.pk,
            "protocol": people.approved_protocol(cast).pk,
            "accepted_modalities": [],
        } | who
        return programs.open_program(values=values, by=cast.south_frontdesk, at=clock.now())

    return build


DAYS = [
    pytest.param(date(2026, 3, 8), 23, id="spring forward"),
    pytest.param(date(2026, 11, 1), 25, id="fall back"),
]


@pytest.mark.parametrize(("day", "hours"), DAYS)
@pytest.mark.parametrize("place", ["Denver", "New York"])
def test_opening_hours_are_local_on_the_day_the_clocks_change(
    cast: Cast, southern: Callable[[], Program], place: str, day: date, hours: int
) -> None:
    program, by, zone = _there(cast, southern, place)
    with clock.fixed(datetime(2026, day.month, 1, tzinfo=UTC) - timedelta(days=3)):
        found = _find(cast, program, by=by, **{"from": day.isoformat(), "to": day.isoformat()})
        assert _starts(found, zone)[0] == "08:00"
        assert _starts(found, zone)[-1] == "19:00"
        assert found["count"] == 45
        _book_each(cast, program, "preparation", [*found["results"][:10], *found["results"][-10:]], by=by)


@pytest.mark.parametrize(("day", "hours"), DAYS)
@pytest.mark.parametrize("place", ["Denver", "New York"])
def test_a_day_of_clock_change_has_its_own_number_of_hours(
    cast: Cast, southern: Callable[[], Program], place: str, day: date, hours: int
) -> None:
    program, by, zone = _there(cast, southern, place)
    _at_night(cast, program.location)
    with clock.fixed(datetime(2026, day.month, 1, tzinfo=UTC) - timedelta(days=3)):
        query = {"from": day.isoformat(), "to": day.isoformat(), "page_size": "200"}
        found = _find(cast, program, by=by, **query)
        midnight = datetime.combine(day, datetime.min.time(), tzinfo=zone).astimezone(UTC)
        until = (hours - 1) * 4  # an hour's session that ends by 23:59 local time
        expected = [moment(midnight + timedelta(minutes=15 * n)) for n in range(until)]
        assert [slot["starts_at"] for slot in found["results"]] == expected
        night = [
            slot for slot in found["results"] if slot["starts_at"] < moment(midnight + timedelta(hours=5))
        ]
        _book_each(cast, program, "preparation", night, by=by)


def _there(cast: Cast, southern: Callable[[], Program], place: str) -> tuple[Program, str, ZoneInfo]:
    if place == "Denver":
        return people.opened_program(cast), "frontdesk", DENVER
    return southern(), "south_frontdesk", NEW_YORK
