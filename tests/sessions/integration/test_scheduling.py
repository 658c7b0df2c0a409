"""The worker confirms the held slot when it lies inside the window, else it books the best free one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, TimeOff, User, WorkingHours
from kapclinic.trail.models import Task
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.integration import rules
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.integration.services.obligations import schedule_obligation
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import Cast

DENVER = ZoneInfo("America/Denver")


def away(user: User, starts_at: datetime, ends_at: datetime) -> None:
    practice.write_time_off(
        user=user, starts_at=starts_at, ends_at=ends_at, reason="Away", by=SYSTEM, at=clock.now()
    )


def away_all_week(*users: User) -> None:
    for user in users:
        away(user, clock.now(), clock.now() + timedelta(days=7))


def close_rooms(cast: Cast) -> None:
    for room in (cast.aspen, cast.birch):
        practice.save_room(room=room, values={"is_active": False}, by=cast.admin, at=clock.now())


def freed(row: Obligation) -> Obligation:
    """The obligation without the slot that was held for it."""
    held = Session.objects.get(for_dose=row.dosing_session, status="held")
    booking.end_booking(session=held, move="cancel", reason=rules.HOLD_FREED, by=SYSTEM, at=clock.now())
    return row


def scheduled(row: Obligation, *, at: datetime | None = None) -> Obligation:
    found = schedule_obligation(obligation_id=row.pk, at=at or clock.now())
    assert found is not None
    return Obligation.objects.select_related("integration_session").get(pk=row.pk)


def therapists_of(session: Session) -> list[str]:
    return [row["user"] for row in session.staff]


# --- the held slot ------------------------------------------------------------------------------------------------


def test_booking_a_dose_holds_an_integration_slot_with_the_assigned_therapist(cast: Cast) -> None:
    program = people.cleared_program(cast)
    start = clock.now() + timedelta(days=1)
    dose = people.booked(cast, program, "dosing", start)
    held = Session.objects.get(status="held")
    assert held.for_dose == dose
    assert therapists_of(held) == [str(cast.therapist.pk)]
    assert dose.ends_at + timedelta(hours=24) <= held.starts_at < start + timedelta(hours=72)
    assert held.number == dose.number


def _no_slot() -> list[Task]:
    return list(Task.objects.open().filter(kind="integration_no_slot"))


def dose_without_slot(cast: Cast) -> Session:
    """Tomorrow's dose, whose assigned therapist is away on all days of its window."""
    program = people.cleared_program(cast)
    start = clock.now() + timedelta(days=1)
    away(cast.therapist, start + timedelta(hours=12), start + timedelta(days=4))
    return people.booked(cast, program, "dosing", start)


def test_a_dose_without_a_free_integration_slot_comes_before_the_front_desk(cast: Cast) -> None:
    dose = dose_without_slot(cast)
    assert not Session.objects.filter(status="held").exists()
    (task,) = _no_slot()
    assert (task.roles, task.subject_id, task.due_at) == (["front_desk"], dose.pk, dose.starts_at)
    with clock.fixed(dose.starts_at - timedelta(hours=1)):
        held_slots.sweep_unheld(at=clock.now())
        assert _no_slot() == [task]
        for row in TimeOff.objects.all():
            practice.cancel_time_off(time_off_id=row.pk, reason="Back", by=cast.admin, at=clock.now())
        held_slots.sweep_unheld(at=clock.now())
    assert Session.objects.get(status="held").for_dose_id == dose.pk
    assert _no_slot() == []


def test_a_dose_without_a_slot_that_is_moved_or_cancelled_is_no_longer_told(cast: Cast) -> None:
    dose = dose_without_slot(cast)
    there = {"starts_at": dose.starts_at + timedelta(days=7), "ends_at": dose.ends_at + timedelta(days=7)}
    values = there | {"reason": "No integration slot"}
    visits.reschedule(session_id=dose.pk, values=values, by=cast.frontdesk, at=clock.now())
    assert (Session.objects.filter(status="held").count(), _no_slot()) == (1, [])
    back = {"starts_at": dose.starts_at, "ends_at": dose.ends_at, "reason": "As before"}
    visits.reschedule(session_id=dose.pk, values=back, by=cast.frontdesk, at=clock.now())
    assert len(_no_slot()) == 1
    visits.end(session_id=dose.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=clock.now())
    assert _no_slot() == []


def test_once_the_dose_is_given_the_obligation_alone_is_on_the_worklist(cast: Cast) -> None:
    away(cast.therapist, clock.now() + timedelta(hours=12), clock.now() + timedelta(days=4))
    session = people.ready_dose(cast)
    assert len(_no_slot()) == 1
    people.give(cast, session)
    assert _no_slot() == []
    row = scheduled(Obligation.objects.get())
    assert therapists_of(row.integration_session) == [str(cast.other_therapist.pk)]


def test_the_held_slot_inside_the_window_is_confirmed(cast: Cast) -> None:
    row = people.owed(cast)
    held = Session.objects.get(status="held")
    row = scheduled(row)
    assert row.state == "booked"
    assert row.integration_session == held
    held.refresh_from_db()
    assert (held.status, held.source) == ("scheduled", "scheduler")
    assert held.allocations.filter(released_at__isnull=True).count() == 3  # client, room, therapist
    assert Session.objects.filter(kind="integration").count() == 1


@pytest.mark.parametrize("beside", [timedelta(minutes=-15), timedelta(hours=48)])
def test_the_held_slot_outside_the_window_is_freed_and_the_best_one_booked(
    cast: Cast, beside: timedelta
) -> None:
    row = people.owed(cast)
    held = Session.objects.get(status="held")
    moved = row.window_start + beside
    ask = people.ask(cast, "integration", moved, override_reason="Moved by hand")
    booking.move_session(
        session=held, program=row.program, ask=ask, reason="Moved", by=cast.frontdesk, at=clock.now()
    )
    row = scheduled(row)
    held.refresh_from_db()
    assert held.status == "cancelled"
    assert not held.allocations.filter(released_at__isnull=True).exists()
    assert row.integration_session != held
    assert row.integration_session.source == "scheduler"
    assert row.integration_session.starts_at == row.window_start


@pytest.mark.parametrize(
    ("offset", "inside"),
    [(-1, False), (0, True), (1, True), (48 * 3600 - 1, True), (48 * 3600, False), (48 * 3600 + 1, False)],
)
def test_inside_is_from_the_start_until_before_the_end(offset: int, inside: bool) -> None:
    start = people.MONDAY
    end = start + timedelta(hours=48)
    assert rules.inside(start + timedelta(seconds=offset), start=start, end=end) is inside


def test_a_slot_may_begin_at_the_very_start_of_the_window(cast: Cast) -> None:
    row = scheduled(freed(people.owed(cast)))
    assert row.integration_session.starts_at == row.window_start


def test_no_slot_begins_at_the_very_end_of_the_window(cast: Cast) -> None:
    """Dose Monday 09:00 in Denver: the window ends Thursday 09:00, when both therapists come back."""
    row = freed(people.owed(cast))
    for user in (cast.therapist, cast.other_therapist):
        away(user, clock.now(), row.window_end)
    row = scheduled(row)
    assert (row.state, row.integration_session) == ("due", None)


def test_the_last_quarter_of_an_hour_of_the_window_counts(cast: Cast) -> None:
    row = freed(people.owed(cast))
    for user in (cast.therapist, cast.other_therapist):
        away(user, clock.now(), row.window_end - timedelta(minutes=15))
    row = scheduled(row)
    assert row.integration_session.starts_at == row.window_end - timedelta(minutes=15)


# --- whom, where, when --------------------------------------------------------------------------------------------


def program_of(cast: Cast, **more: Any) -> Program:
    return people.cleared_program(cast, **more)


def test_the_assigned_therapist_comes_first_in_the_first_accepted_modality(cast: Cast) -> None:
    row = scheduled(freed(people.owed(cast, program_of(cast, accepted_modalities=["video", "in_person"]))))
    session = row.integration_session
    assert therapists_of(session) == [str(cast.therapist.pk)]
    assert (session.modality, session.room) == ("video", None)
    assert not session.allocations.filter(kind="room").exists()


def test_in_person_takes_a_room(cast: Cast) -> None:
    session = scheduled(freed(people.owed(cast))).integration_session
    assert session.modality == "in_person"
    assert session.room_id in {cast.aspen.pk, cast.birch.pk}
    assert session.allocations.filter(kind="room", released_at__isnull=True).count() == 1


def test_the_other_accepted_modality_comes_before_another_therapist(cast: Cast) -> None:
    row = freed(people.owed(cast))
    close_rooms(cast)
    session = scheduled(row).integration_session
    assert session.modality == "video"
    assert therapists_of(session) == [str(cast.therapist.pk)]


def test_another_trained_therapist_comes_last_and_in_the_first_modality(cast: Cast) -> None:
    row = freed(people.owed(cast))
    away_all_week(cast.therapist)
    session = scheduled(row).integration_session
    assert session.modality == "in_person"
    assert therapists_of(session) == [str(cast.other_therapist.pk)]


def test_a_later_slot_with_the_assigned_therapist_beats_an_earlier_one_with_another(cast: Cast) -> None:
    row = freed(people.owed(cast))
    back = row.window_end - timedelta(hours=1)
    away(cast.therapist, clock.now(), back)
    session = scheduled(row).integration_session
    assert session.starts_at == back
    assert therapists_of(session) == [str(cast.therapist.pk)]


def test_an_untrained_therapist_is_never_booked(cast: Cast) -> None:
    row = freed(people.owed(cast))
    away_all_week(cast.therapist)
    practice.save_staff(
        user=cast.other_therapist, values={"kap_trained": False}, by=cast.admin, at=clock.now()
    )
    row = scheduled(row)
    assert (row.state, row.integration_session) == ("due", None)


def test_a_therapist_who_left_is_never_booked(cast: Cast) -> None:
    row = freed(people.owed(cast))
    away_all_week(cast.therapist)
    practice.save_staff(user=cast.other_therapist, values={"is_active": False}, by=cast.admin, at=clock.now())
    assert scheduled(row).state == "due"


def test_a_therapist_of_another_location_is_never_booked(cast: Cast) -> None:
    row = freed(people.owed(cast))
    away_all_week(cast.therapist, cast.other_therapist)
    assert cast.south_therapist.kap_trained
    assert scheduled(row).state == "due"


def test_a_modality_that_the_client_does_not_accept_is_never_booked(cast: Cast) -> None:
    row = freed(people.owed(cast, program_of(cast, accepted_modalities=["in_person"])))
    close_rooms(cast)
    assert scheduled(row).state == "due"


def test_the_preferred_day_comes_before_an_earlier_slot(cast: Cast) -> None:
    """Dose on Monday, so the window is Tuesday to Thursday; the client likes Wednesdays (2)."""
    row = scheduled(freed(people.owed(cast, program_of(cast, preferred_days=[2]))))
    local = row.integration_session.starts_at.astimezone(DENVER)
    assert (local.weekday(), local.hour) == (2, 8)


def test_the_preferred_hours_come_before_an_earlier_slot(cast: Cast) -> None:
    hours = {"from": "17:00", "to": "19:00"}
    row = scheduled(freed(people.owed(cast, program_of(cast, preferred_hours=hours))))
    local = row.integration_session.starts_at.astimezone(DENVER)
    assert (local.weekday(), local.hour, local.minute) == (1, 17, 0)


def test_without_a_slot_on_preferred_days_the_earliest_is_booked(cast: Cast) -> None:
    row = scheduled(freed(people.owed(cast, program_of(cast, preferred_days=[5]))))
    assert row.integration_session.starts_at == row.window_start


def test_there_are_two_hours_of_notice_at_least(cast: Cast) -> None:
    row = freed(people.owed(cast))
    late = row.window_start + timedelta(hours=1, minutes=5)
    with clock.fixed(late):
        row = scheduled(row)
    assert row.integration_session.starts_at == late + timedelta(
        minutes=120 + 10
    )  # the next quarter of an hour


def test_the_protocol_says_how_much_notice(cast: Cast) -> None:
    protocol = people.approved_protocol(cast, name="Hasty", min_preparations=0, limits={"notice_min": 15})
    row = freed(people.owed(cast, program_of(cast, protocol=protocol)))
    late = row.window_start + timedelta(hours=1)
    with clock.fixed(late):
        assert scheduled(row).integration_session.starts_at == late + timedelta(minutes=15)


# --- slots that were given up ---------------------------------------------------------------------------------------


def _once_more(cast: Cast, row: Obligation, move: str) -> tuple[Session, Session]:
    """End the booked integration and schedule anew: the given up session, and the one after.

    Nobody stays away before the start, so a no-show is noted then.
    """
    gone = scheduled(row).integration_session
    with clock.fixed(gone.starts_at if move == "no_show" else clock.now()):
        visits.end(
            session_id=gone.pk, move=move, reason="The client can't", by=cast.frontdesk, at=clock.now()
        )
        return gone, scheduled(row).integration_session


@pytest.mark.parametrize("move", ["cancel", "no_show"])
def test_a_slot_that_was_given_up_is_never_offered_again(cast: Cast, move: str) -> None:
    gone, then = _once_more(cast, people.owed(cast), move)
    assert then.pk != gone.pk
    assert then.starts_at >= gone.ends_at or then.ends_at <= gone.starts_at


def test_even_with_nothing_else_free_a_given_up_slot_stays_given_up(cast: Cast) -> None:
    row = freed(people.owed(cast))
    away(cast.other_therapist, clock.now(), clock.now() + timedelta(days=7))
    away(cast.therapist, row.window_start + timedelta(hours=1), clock.now() + timedelta(days=7))
    only = scheduled(row).integration_session
    assert only.starts_at == row.window_start
    visits.end(
        session_id=only.pk, move="cancel", reason="The client can't", by=cast.frontdesk, at=clock.now()
    )
    row = scheduled(row)
    assert (row.state, row.integration_session) == ("due", None)


def test_the_slot_that_another_client_gave_up_is_free(cast: Cast) -> None:
    first = freed(people.owed(cast))
    second = people.cleared_program(cast, who=people.client(cast.north, by=cast.frontdesk, first="Kim"))
    gone = scheduled(first).integration_session
    visits.end(
        session_id=gone.pk, move="cancel", reason="The client can't", by=cast.frontdesk, at=clock.now()
    )
    dose = people.booked(cast, second, "dosing", clock.now() + timedelta(hours=4))
    assert Session.objects.get(for_dose=dose, status="held").starts_at >= gone.starts_at


# --- days of clock change ---------------------------------------------------------------------------------------------

SPRING = datetime(2026, 3, 6, 17, 0, tzinfo=UTC)  # Friday 10:00 in Denver; the clock jumps on Sunday 8 March
AUTUMN = datetime(
    2026, 10, 30, 16, 0, tzinfo=UTC
)  # Friday 10:00 in Denver; the clock falls back on Sunday 1 November


@pytest.mark.parametrize(
    ("friday", "closing_hour"),
    [(SPRING, 11), (AUTUMN, 9)],
    ids=["spring", "autumn"],
)
def test_on_a_weekend_of_clock_change_the_window_is_72_elapsed_hours(
    db: None, friday: datetime, closing_hour: int
) -> None:
    with clock.fixed(friday):
        row = people.owed(people.assemble())
        assert row.window_end - row.dosed_at == timedelta(hours=72)
        assert row.window_end.astimezone(DENVER).hour == closing_hour


def _only_on_sundays(users: Iterable[User]) -> None:
    for user in users:
        for hours in WorkingHours.objects.filter(user=user, ended_at__isnull=True).exclude(weekday=6):
            hours.ended_at = clock.now()
            hours.save_by(SYSTEM, at=clock.now())


@pytest.mark.parametrize("friday", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_on_the_sunday_of_clock_change_the_clinic_opens_by_its_own_clock(db: None, friday: datetime) -> None:
    with clock.fixed(friday):
        cast = people.assemble()
        row = freed(people.owed(cast))
        _only_on_sundays([cast.therapist, cast.other_therapist])
        local = scheduled(row).integration_session.starts_at.astimezone(DENVER)
    assert (local.weekday(), local.hour, local.minute) == (6, 8, 0)


# --- until the client says yes ----------------------------------------------------------------------------------------


def test_a_booking_by_the_scheduler_waits_for_the_clients_word(cast: Cast) -> None:
    row = scheduled(people.owed(cast))
    task = Task.objects.open().get(kind="integration_confirm")
    assert (task.subject_id, task.roles, task.client) == (row.pk, ["front_desk"], row.client_id)
    said = {"client_confirmed_at": clock.now().isoformat()}
    answer = cast.desk("frontdesk").patch(f"sessions/{row.integration_session_id}/", said)
    assert answer.status_code == 200, answer.content
    assert answer.json()["client_confirmed_at"] is not None
    assert not Task.objects.open().filter(kind="integration_confirm").exists()


def test_a_booking_by_the_front_desk_needs_no_further_word(cast: Cast) -> None:
    row = people.owed(cast)
    people.booked(cast, row.program, "integration", row.window_start + timedelta(hours=8), obligation=row)
    row.refresh_from_db()
    assert row.state == "booked"
    assert row.integration_session.source == "staff"
    assert not Task.objects.open().filter(kind="integration_confirm").exists()


def test_the_front_desk_may_book_the_very_slot_that_is_held(cast: Cast) -> None:
    row = people.owed(cast)
    held = Session.objects.get(status="held")
    room = held.room_id
    session = people.booked(cast, row.program, "integration", held.starts_at, room=room, obligation=row)
    row.refresh_from_db()
    held.refresh_from_db()
    assert (row.state, row.integration_session, held.status) == ("booked", session, "cancelled")
