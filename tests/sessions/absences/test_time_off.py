"""Time off of one person: refused over what is booked, free hours again when it is cancelled."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kapclinic.core import clock
from kapclinic.practice.models import TimeOff, User
from sessions.booking.models import Session
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.sessions.absences.leaving import DAY, HOUR, everything, three_sessions
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY

SPAN = {"starts_at": moment(TUESDAY), "ends_at": moment(TUESDAY + 4 * HOUR)}


def _path(user: User) -> str:
    return f"staff/{user.pk}/time-off/"


def _starts(cast: Cast) -> set[str]:
    """Starts on Tuesday at which the cast's therapist could see a new client."""
    program = people.opened_program(cast, who=desk.clients_of(cast, 1)[0])
    query = {"kind": "preparation", "program": str(program.pk), "staff": str(cast.therapist.pk)}
    answer = cast.desk("frontdesk").get(
        "availability/", **query, **{"from": "2026-05-05", "to": "2026-05-05"}
    )
    return {slot["starts_at"] for slot in answer.json()["results"]}


def test_time_off_over_a_booked_session_is_refused_and_names_it(cast: Cast) -> None:
    nine, ten, noon = (str(session.pk) for session in three_sessions(cast))
    before = everything()
    answer = cast.desk("admin").post(_path(cast.therapist), SPAN)
    assert answer.status_code == 409, answer.content
    body = answer.json()
    assert (body["code"], body["sessions"], body["elsewhere"]) == (
        "unresolved_sessions",
        [nine, ten, noon],
        0,
    )
    assert body["preview"] == "absences/preview/"
    assert b"Robin" not in answer.content
    assert everything() == before
    later = {"starts_at": moment(TUESDAY + 3 * HOUR), "ends_at": moment(TUESDAY + 4 * HOUR)}
    cast.desk("frontdesk").must(_path(cast.therapist), later)


def test_who_is_away_is_one_list_of_ones_own_locations(cast: Cast) -> None:
    nearest = {"starts_at": moment(TUESDAY), "ends_at": moment(TUESDAY + HOUR)}
    later, past = (
        {"starts_at": moment(TUESDAY + n * DAY), "ends_at": moment(TUESDAY + n * DAY + HOUR)} for n in (3, -9)
    )
    rows = [
        cast.desk("admin").must(_path(who), span)["id"]
        for who, span in (
            (cast.np, later),
            (cast.therapist, nearest),
            (cast.south_np, nearest),
            (cast.np, past),
        )
    ]
    gone = cast.desk("admin").must(_path(cast.np), nearest)
    cast.desk("admin").must(f"{_path(cast.np)}{gone['id']}/cancel/", {"reason": "Comes after all"})

    def listed(who: str, **query: str) -> list[str]:
        return [row["id"] for row in cast.desk(who).get("time-off/", **query).json()["results"]]

    here = {"location": str(cast.north.pk), "from": moment(MONDAY)}
    assert listed("therapist", **here) == [rows[1], rows[0]]
    assert listed("frontdesk") == [rows[3], rows[1], rows[0]]
    assert listed("frontdesk", location=str(cast.south.pk)) == []
    assert listed("admin", location=str(cast.south.pk)) == [rows[2]]
    assert listed("frontdesk", cancelled="true") == [gone["id"]]
    assert rows[2] not in cast.desk("director").get("time-off/").content.decode()


def test_a_slot_that_is_only_held_gives_way_to_time_off(cast: Cast) -> None:
    (program,) = desk.programs_of(cast, 1)
    dose = people.booked(cast, program, "dosing", TUESDAY)
    held = Session.objects.get(for_dose=dose, status="held")
    away = {"starts_at": moment(held.starts_at), "ends_at": moment(held.ends_at)}
    cast.desk("frontdesk").must(_path(cast.therapist), away)
    again = Session.objects.get(for_dose=dose, status="held")
    assert again.starts_at >= held.ends_at
    assert desk.orphans() == []


def test_cancelled_time_off_frees_the_hours_and_stays_on_record(cast: Cast) -> None:
    free = _starts(cast)
    row = cast.desk("frontdesk").must(_path(cast.therapist), SPAN)
    nine = moment(TUESDAY)
    assert nine in free
    assert nine not in _starts(cast)
    gone = cast.desk("np").must(
        f"{_path(cast.therapist)}{row['id']}/cancel/", {"reason": "The course is off"}
    )
    assert (gone["cancelled_at"], gone["cancel_reason"]) == (moment(MONDAY), "The course is off")
    assert _starts(cast) == free
    listed = cast.desk("therapist").get(_path(cast.therapist)).json()
    assert listed["count"] == 0
    (kept,) = cast.desk("therapist").get(_path(cast.therapist), cancelled="true").json()["results"]
    assert kept == gone
    history = TimeOff.objects.get(pk=row["id"]).history.order_by("version")
    assert list(history.values_list("history_user_id", flat=True)) == [cast.frontdesk.pk, cast.np.pk]


def test_time_off_that_ended_or_was_cancelled_is_not_cancelled(cast: Cast) -> None:
    row = cast.desk("frontdesk").must(_path(cast.therapist), SPAN)
    path = f"{_path(cast.therapist)}{row['id']}/cancel/"
    with clock.fixed(TUESDAY + 4 * HOUR):
        over = cast.desk("frontdesk").post(path, {"reason": "Too late"})
    assert (over.status_code, over.json()["code"], over.json()["state"]) == (
        409,
        "illegal_transition",
        "over",
    )
    with clock.fixed(TUESDAY + HOUR):
        cast.desk("frontdesk").must(path, {"reason": "Back early"})
        twice = cast.desk("frontdesk").post(path, {"reason": "Back early"})
    assert (twice.status_code, twice.json()["state"]) == (409, "cancelled")
    assert TimeOff.objects.get().version == 2


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("billing", {"reason": "Not mine"}, 403),
        ("south_frontdesk", {"reason": "Not ours"}, 404),
        ("frontdesk", {}, 400),
        ("frontdesk", {"reason": "Why", "colour": "blue"}, 400),
    ],
)
def test_time_off_is_cancelled_by_those_who_may_say_it(
    cast: Cast, name: str, body: dict[str, Any], status: int
) -> None:
    row = cast.desk("frontdesk").must(_path(cast.therapist), SPAN | {"reason": "Surgery"})
    answer = cast.desk(name).post(f"{_path(cast.therapist)}{row['id']}/cancel/", body)
    assert answer.status_code == status, answer.content
    assert b"Surgery" not in answer.content
    assert TimeOff.objects.get().cancelled_at is None


def test_time_off_is_found_under_its_own_person_only(cast: Cast) -> None:
    row = cast.desk("frontdesk").must(_path(cast.therapist), SPAN)
    wrong = f"{_path(cast.np)}{row['id']}/cancel/"
    assert cast.desk("frontdesk").post(wrong, {"reason": "Wrong person"}).status_code == 404
    assert TimeOff.objects.get().cancelled_at is None


def test_a_reason_to_cancel_stands_only_with_the_cancellation(cast: Cast) -> None:
    cast.desk("frontdesk").must(_path(cast.therapist), SPAN)
    row = TimeOff.objects.get()
    row.cancel_reason = "Back early"
    with pytest.raises(IntegrityError, match="time_off_cancelled"), transaction.atomic():
        row.save_by(cast.admin, at=MONDAY + DAY)
