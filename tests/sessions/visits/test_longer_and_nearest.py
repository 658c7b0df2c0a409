"""Who keeps a time and until when, what is free instead, and a kept slot that is kept a little longer, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent
from sessions.booking.models import Allocation, Session, SessionHold
from sessions.booking.services.bookings import sweep_kept_slots
from sessions.booking.services.kept_slots import extend_kept_slot
from sessions.visits import services as visits
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast
from tests.journeys.steps import moment
from tests.racing import race
from tests.sessions.booking.desk import TUESDAY, body, programs_of, row

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BOOKERS = ["frontdesk", "np", "therapist", "prescriber", "director"]


def kept(cast: Cast, program: Any, who: str = "frontdesk", **more: Any) -> dict[str, Any]:
    asked = body(cast, program, **more)
    found: dict[str, Any] = cast.desk(who).must("session-holds/", asked, status=201)
    return found


def extend(
    cast: Cast, hold: dict[str, Any], who: str = "frontdesk", *, after: timedelta = MINUTE, **more: Any
) -> Any:
    with clock.fixed(MONDAY + after):
        return cast.desk(who).post(f"session-holds/{hold['id']}/extend/", **more)


def slot_of(entry: dict[str, Any]) -> tuple[str, str | None, list[str]]:
    return entry["starts_at"], entry["room"], [seat["user"] for seat in entry["staff"]]


# --- a kept slot, longer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", BOOKERS)
def test_a_kept_slot_is_kept_five_minutes_longer_once(cast: Cast, who: str) -> None:
    mine, theirs = programs_of(cast, 2)
    hold = kept(cast, mine)
    assert (hold["expires_at"], hold["extended_at"]) == (moment(MONDAY + 5 * MINUTE), None)
    longer = done(extend(cast, hold, who), 200)
    assert (longer["expires_at"], longer["extended_at"]) == (
        moment(MONDAY + 10 * MINUTE),
        moment(MONDAY + MINUTE),
    )
    assert longer["version"] == hold["version"] + 1
    told = refused(extend(cast, hold, who, after=2 * MINUTE), 409, "hold_extended")
    assert told["expires_at"] == moment(MONDAY + 10 * MINUTE)
    with clock.fixed(MONDAY + 9 * MINUTE):
        refused(cast.desk("np").post("sessions/", body(cast, theirs)), 409, "resource_conflict")
        cast.desk("frontdesk").must("sessions/", body(cast, mine, hold=hold["id"]), status=201)


def test_what_is_held_stays_in_its_lanes(cast: Cast) -> None:
    (program,) = programs_of(cast, 1)
    hold = kept(cast, program)
    held = lambda: set(  # noqa: E731
        Allocation.objects.filter(released_at__isnull=True).values_list(
            "kind", "resource", "role", "lanes", "starts_at", "ends_at"
        )
    )
    before = held()
    done(extend(cast, hold), 200)
    assert held() == before
    assert set(Allocation.objects.filter(released_at__isnull=True).values_list("expires_at", flat=True)) == {
        MONDAY + 10 * MINUTE
    }
    assert sweep_kept_slots(at=MONDAY + 9 * MINUTE) == 0
    assert sweep_kept_slots(at=MONDAY + 10 * MINUTE) == 1
    assert held() == set()
    assert list(SessionHold.history.values_list("history_user_id", flat=True))[-1] == cast.frontdesk.pk


@pytest.mark.parametrize("seconds", [300, 301, 3600])
def test_one_that_is_over_is_not_kept_longer(cast: Cast, seconds: int) -> None:
    (program,) = programs_of(cast, 1)
    hold = kept(cast, program)
    refused(extend(cast, hold, after=timedelta(seconds=seconds)), 409, "hold_expired")
    assert SessionHold.objects.get().extended_at is None


def test_neither_is_one_that_was_let_go_or_booked(cast: Cast) -> None:
    (program,) = programs_of(cast, 1)
    gone, booked = kept(cast, program), None
    assert cast.desk("frontdesk").client.delete(f"/api/v1/session-holds/{gone['id']}/").status_code == 204
    booked = kept(cast, program)
    cast.desk("frontdesk").must("sessions/", body(cast, program, hold=booked["id"]), status=201)
    for hold in (gone, booked):
        refused(extend(cast, hold), 409, "hold_expired")


def test_a_key_sent_again_extends_once(cast: Cast) -> None:
    (program,) = programs_of(cast, 1)
    hold = kept(cast, program)
    first, again = (extend(cast, hold, key="tap") for _ in range(2))
    assert done(again, 200) == done(first, 200)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_who_does_not_book_and_who_is_elsewhere_keeps_nothing(cast: Cast) -> None:
    (program,) = programs_of(cast, 1)
    hold = kept(cast, program)
    for who in ("billing", "admin"):
        refused(extend(cast, hold, who), 403, "not_permitted")
    refused(extend(cast, hold, "south_frontdesk"), 404, "not_found")
    assert SessionHold.objects.get().extended_at is None
    assert AuditEvent.objects.filter(action="session_hold.extend", outcome="refused").count() == 3


@pytest.fixture
def clinic(transactional_db: None, now: object) -> Cast:
    return people.assemble()


@pytest.mark.django_db(transaction=True)
def test_two_desks_that_extend_at_once_and_one_that_waits_for_it(clinic: Cast) -> None:
    mine, theirs = programs_of(clinic, 2)
    hold = SessionHold.objects.get(pk=kept(clinic, mine)["id"])
    asked = people.ask(clinic, "preparation", TUESDAY)
    at = MONDAY + MINUTE
    raised = race(
        lambda: extend_kept_slot(hold_id=hold.pk, by=clinic.frontdesk, at=at),
        lambda: extend_kept_slot(hold_id=hold.pk, by=clinic.np, at=at),
        lambda: visits.book(program_id=theirs.pk, ask=asked, obligation_id=None, by=clinic.np, at=at),
    )
    assert sorted(type(exc).__name__ for exc in raised) == ["HoldExtended", "ResourceConflict"]
    hold.refresh_from_db()
    assert hold.expires_at == MONDAY + 10 * MINUTE
    assert Allocation.objects.filter(hold=hold, released_at__isnull=True).count() == 3


# --- who is in the way ---------------------------------------------------------------------------------------------------


def test_a_conflict_says_who_keeps_the_time_and_until_when(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    hold = kept(cast, mine, "np")
    done(extend(cast, hold), 200)
    with clock.fixed(MONDAY + 2 * MINUTE):
        for path in ("sessions/", "session-holds/"):
            told = refused(cast.desk("frontdesk").post(path, body(cast, theirs)), 409, "resource_conflict")
            assert {one["kind"] for one in told["conflicts"]} == {"room", "staff"}
            for one in told["conflicts"]:
                assert (one["session"], one["held_until"]) == (None, moment(MONDAY + 10 * MINUTE))
                assert (one["held_by"], one["held_by_name"]) == (str(cast.np.pk), "Np")


def test_behind_a_session_nobody_keeps_anything(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    booked = cast.desk("np").must("sessions/", body(cast, mine), status=201)
    told = refused(cast.desk("frontdesk").post("sessions/", body(cast, theirs)), 409, "resource_conflict")
    assert {one["session"] for one in told["conflicts"]} == {booked["id"]}
    assert not any("held_until" in one for one in told["conflicts"])


# --- what is free instead ------------------------------------------------------------------------------------------------


def test_the_nearest_three_are_valid_bookings_with_the_same_people(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    cast.desk("np").must("sessions/", body(cast, mine), status=201)
    told = refused(cast.desk("frontdesk").post("sessions/", body(cast, theirs)), 409, "resource_conflict")
    nearest = told["nearest"]
    assert [entry["starts_at"] for entry in nearest] == [
        moment(TUESDAY - HOUR),
        moment(TUESDAY + HOUR),
        moment(TUESDAY + HOUR + 15 * MINUTE),
    ]
    assert all(seat["user"] == str(cast.therapist.pk) for entry in nearest for seat in entry["staff"])
    query = {"program": str(theirs.pk), "kind": "preparation", "staff": str(cast.therapist.pk)}
    offered = cast.desk("frontdesk").get("availability/next/", count="100", **query).json()["results"]
    assert all(entry in offered for entry in nearest)
    booking = {"program": str(theirs.pk), "kind": "preparation"}
    cast.desk("frontdesk").must("sessions/", nearest[0] | booking, status=201)


def test_when_only_the_room_is_taken_the_same_time_in_another_is_nearest(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    other = [row(cast.other_therapist, "therapist")]
    cast.desk("np").must("sessions/", body(cast, mine, staff=other), status=201)
    told = refused(cast.desk("np").post("sessions/", body(cast, theirs)), 409, "resource_conflict")
    assert slot_of(told["nearest"][0]) == (moment(TUESDAY), str(cast.birch.pk), [str(cast.therapist.pk)])


def test_a_longer_one_is_as_long_again(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    cast.desk("np").must("sessions/", body(cast, mine), status=201)
    told = refused(
        cast.desk("np").post("session-holds/", body(cast, theirs, minutes=150)), 409, "resource_conflict"
    )
    assert told["nearest"][0]["ends_at"] == moment(TUESDAY + HOUR + timedelta(minutes=150))


def test_none_is_in_the_past_or_further_than_a_week(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    soon = MONDAY + 30 * MINUTE
    cast.desk("np").must("sessions/", body(cast, mine, start=soon), status=201)
    told = refused(
        cast.desk("np").post("sessions/", body(cast, theirs, start=soon)), 409, "resource_conflict"
    )
    assert [entry["starts_at"] for entry in told["nearest"]] == [
        moment(soon + HOUR + n * 15 * MINUTE) for n in range(3)
    ]


def test_a_move_is_not_in_its_own_way(cast: Cast) -> None:
    mine, theirs = programs_of(cast, 2)
    taken = cast.desk("np").must("sessions/", body(cast, mine), status=201)
    moving = cast.desk("np").must("sessions/", body(cast, theirs, start=TUESDAY + HOUR), status=201)
    move = {
        "starts_at": moment(TUESDAY + 30 * MINUTE),
        "ends_at": moment(TUESDAY + 90 * MINUTE),
        "reason": "Later",
    }
    told = refused(
        cast.desk("np").post(f"sessions/{moving['id']}/reschedule/", move), 409, "resource_conflict"
    )
    assert {one["session"] for one in told["conflicts"]} == {taken["id"]}
    assert [entry["starts_at"] for entry in told["nearest"]] == [
        moment(TUESDAY + HOUR),
        moment(TUESDAY + HOUR + 15 * MINUTE),
        moment(TUESDAY + HOUR + 30 * MINUTE),
    ]
    assert Session.objects.get(pk=moving["id"]).starts_at == TUESDAY + HOUR


def test_an_integration_stays_inside_its_window(cast: Cast) -> None:
    dosed = people.owed(cast)
    (other,) = programs_of(cast, 1)
    last = dosed.window_end - HOUR  # a start in the last hour of the window
    staff = [row(cast.therapist, "therapist")]
    cast.desk("np").must("sessions/", body(cast, other, start=last, staff=staff), status=201)
    asked = body(cast, dosed.program, "integration", start=last, obligation=str(dosed.pk))
    told = refused(cast.desk("np").post("sessions/", asked), 409, "resource_conflict")
    assert told["nearest"]
    for entry in told["nearest"]:
        assert moment(dosed.window_start) <= entry["starts_at"] < moment(dosed.window_end)


def test_a_slot_that_is_taken_costs_a_few_questions_more_and_a_free_one_none(cast: Cast) -> None:
    mine, theirs, third = programs_of(cast, 3)

    def asked(program: Any, **more: Any) -> int:
        with CaptureQueriesContext(connection) as caught:
            cast.desk("np").post("sessions/", body(cast, program, **more))
        return len(caught)

    asked(mine)
    refused_first = asked(theirs)
    for n in range(1, 5):
        asked(third, start=TUESDAY + n * HOUR)
    assert asked(theirs) <= refused_first <= 20
    with CaptureQueriesContext(connection) as caught:
        cast.desk("np").post("sessions/", body(cast, theirs, start=TUESDAY + 6 * HOUR))
    assert not any("interval '15 minutes'" in row["sql"] for row in caught.captured_queries)


def test_a_refusal_for_another_reason_offers_nothing(cast: Cast) -> None:
    (program,) = programs_of(cast, 1)
    night = body(cast, program, start=TUESDAY + 14 * HOUR)
    told = refused(cast.desk("np").post("sessions/", night), 400, "outside_hours")
    assert "nearest" not in told
