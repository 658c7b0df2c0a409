"""Days and nights that calendars get wrong: 29 February, the hours around midnight, the two days the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core import clock
from programs import services as programs
from programs.models import Program
from sessions.booking.models import Allocation, Session
from sessions.drugs.rules import last_closed_day
from tests import cast as people
from tests.cast import Cast
from tests.journeys.steps import moment
from tests.sessions.booking import desk
from tests.sessions.booking.desk import row

DENVER, NEW_YORK = ZoneInfo("America/Denver"), ZoneInfo("America/New_York")
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
ROUND_THE_CLOCK = [{"weekday": day, "from": "00:00", "to": "24:00"} for day in range(7)]


def _local(zone: ZoneInfo, day: date, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    """The instant at which the clock on the wall of `zone` shows this."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone, fold=fold).astimezone(UTC)


def _southern(cast: Cast) -> Program:
    values = {
        "client": people.client(cast.south, by=cast.south_frontdesk).pk,
        "protocol": people.approved_protocol(cast).pk,
        "location": cast.south.pk,
        "therapist": cast.south_therapist.pk,
        "prescriber": cast.south_prescriber.pk,
        "accepted_modalities": ["in_person"],
    }
    return programs.open_program(values=values, by=cast.south_frontdesk, at=clock.now())


def _never_closed(cast: Cast, program: Program) -> None:
    """The location is open around the clock, and its therapists work around the clock."""
    answer = cast.desk("admin").patch(f"locations/{program.location_id}/", {"opening_hours": ROUND_THE_CLOCK})
    assert answer.json()["opening_hours"] == ROUND_THE_CLOCK
    rows = [hours | {"location": str(program.location_id)} for hours in ROUND_THE_CLOCK]
    for user in (cast.therapist, cast.other_therapist, cast.south_therapist):
        assert cast.desk("admin").put(f"staff/{user.pk}/working-hours/", rows).status_code == 200


def _free(cast: Cast, program: Program, day: date, by: str, **more: Any) -> list[dict[str, Any]]:
    query = {"kind": "preparation", "program": str(program.pk), "page_size": "200"}
    span = {"from": day.isoformat(), "to": day.isoformat()}
    answer = cast.desk(by).get("availability/", **query, **span, **more)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]  # type: ignore[no-any-return]


def _starts(slots: list[dict[str, Any]]) -> list[str]:
    return [slot["starts_at"] for slot in slots]


def _book(cast: Cast, program: Program, slot: dict[str, Any], by: str, **more: Any) -> Any:
    return cast.desk(by).post("sessions/", slot | {"program": str(program.pk), "kind": "preparation"} | more)


def _board(cast: Cast, program: Program, day: date, by: str) -> list[str]:
    query = {"location": str(program.location_id), "date": day.isoformat()}
    return [card["id"] for card in cast.desk(by).get("day-board/", **query).json()["sessions"]]


def _there(cast: Cast, place: str) -> tuple[Program, str, ZoneInfo]:
    if place == "Denver":
        return people.opened_program(cast), "frontdesk", DENVER
    return _southern(cast), "south_frontdesk", NEW_YORK


PLACES = pytest.mark.parametrize("place", ["Denver", "New York"])


# --- 29 February ------------------------------------------------------------------------------------------


@PLACES
def test_the_29th_of_february_is_a_day_like_others(cast: Cast, place: str) -> None:
    leap = date(2028, 2, 29)
    program, by, zone = _there(cast, place)
    with clock.fixed(datetime(2028, 2, 22, 15, tzinfo=UTC)):
        slots = _free(cast, program, leap, by)
        opening = _local(zone, leap, 8)
        assert _starts(slots) == [moment(opening + n * QUARTER) for n in range(45)]
        made = _book(cast, program, slots[0], by)
        assert made.status_code == 201, made.content
        assert _board(cast, program, leap, by) == [made.json()["id"]]
        assert _board(cast, program, date(2028, 3, 1), by) == []
        listed = cast.desk(by).get("sessions/", date="2028-02-29").json()
        assert [session["id"] for session in listed["results"]] == [made.json()["id"]]
        there = {"starts_at": moment(opening + 24 * HOUR), "ends_at": moment(opening + 25 * HOUR)}
        moved = cast.desk(by).must(
            f"sessions/{made.json()['id']}/reschedule/", there | {"reason": "They asked"}
        )
        assert moved["starts_at"] == moment(_local(zone, date(2028, 3, 1), 8))


def test_the_29th_of_february_of_another_year_is_no_day(cast: Cast) -> None:
    program = people.opened_program(cast)
    query = {"kind": "preparation", "program": str(program.pk), "from": "2027-02-29"}
    answer = cast.desk("frontdesk").get("availability/", **query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/from")
    body = desk.body(cast, program) | {"starts_at": "2027-02-29T15:00:00Z", "ends_at": "2027-02-29T16:00:00Z"}
    refused = cast.desk("frontdesk").post("sessions/", body)
    assert refused.status_code == 400
    assert not Session.objects.exists()


def test_a_closed_29th_of_february_offers_nothing(cast: Cast) -> None:
    leap = date(2028, 2, 29)
    program = people.opened_program(cast)
    cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"closed_dates": ["2028-02-29"]})
    with clock.fixed(datetime(2028, 2, 22, 15, tzinfo=UTC)):
        assert _free(cast, program, leap, "frontdesk") == []
        assert len(_free(cast, program, date(2028, 3, 1), "frontdesk")) == 45


# --- midnight ---------------------------------------------------------------------------------------------


@PLACES
def test_a_session_may_go_on_past_midnight_where_nobody_closes(cast: Cast, place: str) -> None:
    program, by, zone = _there(cast, place)
    _never_closed(cast, program)
    day = date(2026, 5, 5)
    midnight = _local(zone, day, 0) + 24 * HOUR
    slots = _free(cast, program, day, by)
    assert _starts(slots) == [moment(_local(zone, day, 0) + n * QUARTER) for n in range(96)]
    late = slots[-2]  # 23:30–00:30
    assert (late["starts_at"], late["ends_at"]) == (moment(midnight - HOUR / 2), moment(midnight + HOUR / 2))
    made = _book(cast, program, late, by)
    assert made.status_code == 201, made.content
    held = {(midnight - HOUR / 2, midnight + HOUR / 2)}
    assert set(Allocation.objects.values_list("starts_at", "ends_at")) == held
    taken = set(_starts(slots)) - set(_starts(_free(cast, program, day, by)))
    assert taken == {moment(midnight - HOUR / 2 + n * QUARTER) for n in (-3, -2, -1, 0, 1)}
    assert _starts(_free(cast, program, day + timedelta(days=1), by))[0] == moment(midnight + HOUR / 2)
    for on in (day, day + timedelta(days=1)):
        assert _board(cast, program, on, by) == [made.json()["id"]]


def test_hours_end_at_midnight_when_the_next_day_is_closed(cast: Cast) -> None:
    program = people.opened_program(cast)
    _never_closed(cast, program)
    cast.desk("admin").patch(f"locations/{cast.north.pk}/", {"closed_dates": ["2026-05-06"]})
    day = date(2026, 5, 5)
    last = _local(DENVER, day, 23)
    slots = _free(cast, program, day, "frontdesk")
    assert _starts(slots)[-1] == moment(last)
    over = slots[-1] | {"starts_at": moment(last + QUARTER), "ends_at": moment(last + QUARTER + HOUR)}
    refused = _book(cast, program, over, "frontdesk")
    assert (refused.status_code, refused.json()["code"]) == (400, "outside_hours")
    assert not Session.objects.exists()
    assert _book(cast, program, slots[-1], "frontdesk").status_code == 201


def test_a_day_that_lasts_until_midnight_closes_then() -> None:
    """The day's count of the drug safe is asked for after it."""
    midnight = _local(DENVER, date(2026, 5, 6), 0)
    for at, day in ((midnight - QUARTER, date(2026, 5, 4)), (midnight, date(2026, 5, 5))):
        found = last_closed_day(ROUND_THE_CLOCK, closed_dates=[], zone=DENVER, at=at)
        assert found[0] == day


# --- the clocks change ------------------------------------------------------------------------------------

SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


@PLACES
@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)], ids=["spring", "autumn"])
def test_every_start_of_the_night_is_an_instant_of_its_own(
    cast: Cast, place: str, day: date, hours: int
) -> None:
    """No hour that the clocks leap over, both of the hour that they repeat, and each an hour long on the stopwatch."""
    program, by, zone = _there(cast, place)
    _never_closed(cast, program)
    with clock.fixed(datetime(day.year, day.month, 1, tzinfo=UTC) - timedelta(days=3)):
        slots = _free(cast, program, day, by)
        midnight = _local(zone, day, 0)
        assert _starts(slots) == [moment(midnight + n * QUARTER) for n in range(4 * hours)]
        walls = [datetime.fromisoformat(start).astimezone(zone).strftime("%H:%M") for start in _starts(slots)]
        assert walls.count("02:00" if day == SPRING else "01:00") == (0 if day == SPRING else 2)
        for slot in slots:
            lasts = datetime.fromisoformat(slot["ends_at"]) - datetime.fromisoformat(slot["starts_at"])
            assert lasts == HOUR
        across = next(slot for slot in slots if slot["starts_at"] == moment(midnight + 3 * HOUR / 2))
        made = _book(cast, program, across, by)
        assert made.status_code == 201, made.content
        session = Session.objects.get()
        assert (session.starts_at, session.ends_at - session.starts_at) == (midnight + 3 * HOUR / 2, HOUR)
        assert _board(cast, program, day, by) == [made.json()["id"]]


def test_both_one_oclocks_of_the_autumn_night_can_be_booked_back_to_back(cast: Cast) -> None:
    first, second = desk.programs_of(cast, 2)
    _never_closed(cast, first)
    with clock.fixed(datetime(2026, 10, 29, tzinfo=UTC)):
        summer, winter = (_local(DENVER, AUTUMN, 1, fold=fold) for fold in (0, 1))
        assert winter - summer == HOUR
        for program, start in ((first, summer), (second, winter)):
            staff = [row(cast.therapist, "therapist")]
            cast.desk("frontdesk").must("sessions/", desk.body(cast, program, start=start, staff=staff))
        assert desk.overlaps() == 0
        again = cast.desk("frontdesk").post("sessions/", desk.body(cast, second, start=winter - QUARTER))
        assert (again.status_code, again.json()["code"]) == (409, "resource_conflict")


@PLACES
@pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_the_house_opens_by_the_clock_on_its_own_wall(cast: Cast, place: str, day: date) -> None:
    program, by, zone = _there(cast, place)
    with clock.fixed(datetime(day.year, day.month, 1, tzinfo=UTC) - timedelta(days=3)):
        slots = _free(cast, program, day, by)
        assert _starts(slots)[0] == moment(_local(zone, day, 8))
        assert slots[-1]["ends_at"] == moment(_local(zone, day, 20))
        early = slots[0] | {
            "starts_at": moment(_local(zone, day, 8) - HOUR),
            "ends_at": slots[0]["starts_at"],
        }
        assert _book(cast, program, early, by).json()["code"] == "outside_hours"


# --- another zone -----------------------------------------------------------------------------------------


def test_each_desk_sees_its_own_house_and_its_own_hours(cast: Cast) -> None:
    south, north = _southern(cast), people.opened_program(cast)
    day = date(2026, 5, 5)
    eastern, mountain = _free(cast, south, day, "south_frontdesk"), _free(cast, north, day, "frontdesk")
    assert eastern[0]["starts_at"] == "2026-05-05T12:00:00Z"  # 08:00 in New York
    assert mountain[0]["starts_at"] == "2026-05-05T14:00:00Z"  # 08:00 in Denver
    assert {slot["room"] for slot in eastern} == {str(cast.cedar.pk)}
    made = _book(cast, south, eastern[0], "south_frontdesk")
    assert made.status_code == 201, made.content
    path = f"sessions/{made.json()['id']}/"
    assert cast.desk("frontdesk").get(path).status_code == 404
    query = {"kind": "preparation", "program": str(south.pk)}
    assert cast.desk("frontdesk").get("availability/", **query).status_code == 404
    late = {"starts_at": "2026-05-05T23:00:00Z", "ends_at": "2026-05-06T00:00:00Z"}  # 19:00–20:00 there
    assert _book(cast, south, eastern[0] | late, "south_frontdesk").status_code == 201
    too_late = {
        "starts_at": "2026-05-06T00:30:00Z",
        "ends_at": "2026-05-06T01:30:00Z",
    }  # open still in Denver
    refused = _book(cast, south, eastern[0] | too_late, "south_frontdesk")
    assert (refused.status_code, refused.json()["code"]) == (400, "outside_hours")
