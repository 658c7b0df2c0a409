"""Who agreed to it is booked into a freed slot at once; one slot each, also when several become free at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Client
from programs import services as programs
from programs.models import Program
from sessions.booking.models import Session
from sessions.visits import services as visits
from sessions.waitlist.models import WaitlistEntry
from sessions.waitlist.services import sweep_waitlist
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.racing import race
from tests.sessions.booking import desk
from tests.sessions.booking.desk import TUESDAY
from tests.sessions.waitlist.waiting import DAY, HOUR, cancelled, full_slot, names, offered, tasks, waits


def book_of(program: Program) -> list[Session]:
    return list(Session.objects.standing().filter(program=program))


def _other(cast: Cast, first: str) -> Client:
    return people.client(cast.north, by=cast.frontdesk, first=first, phone="303-555-7777")


def test_who_agreed_is_booked_told_and_waits_no_more(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    entry = waits(cast, program, auto_fill=True)
    cancelled(cast, full_slot(cast, gone))
    (session,) = book_of(program)
    assert (session.kind, session.starts_at, session.source) == ("preparation", TUESDAY, "scheduler")
    assert (session.status, session.created_by, session.client_confirmed_at) == ("scheduled", SYSTEM.pk, None)
    assert desk.live(session) == {
        ("client", program.client_id),
        ("room", session.room_id),
        ("staff", cast.therapist.pk),
    }
    entry.refresh_from_db()
    assert (entry.status, entry.filled_by) == ("filled", session)
    assert tasks() == []
    (task,) = tasks("waitlist_confirm")
    assert (task.subject_id, task.client, task.due_at) == (session.pk, program.client_id, TUESDAY)


def test_once_the_client_has_confirmed_nobody_needs_to_call(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program, auto_fill=True)
    cancelled(cast, full_slot(cast, gone))
    (session,) = book_of(program)
    confirmed = {"client_confirmed_at": clock.now().isoformat()}
    assert cast.desk("frontdesk").patch(f"sessions/{session.pk}/", confirmed).status_code == 200
    assert tasks("waitlist_confirm") == []


def test_one_who_says_no_frees_the_slot_for_the_next(cast: Cast) -> None:
    gone, first, second = desk.programs_of(cast, 3)
    waits(cast, first, auto_fill=True, window_to=MONDAY + 2 * DAY)
    waits(cast, second, auto_fill=True)
    cancelled(cast, full_slot(cast, gone))
    (session,) = book_of(first)
    assert book_of(second) == []
    cancelled(cast, session)
    assert book_of(first) == []
    assert [row.starts_at for row in book_of(second)] == [TUESDAY]
    assert [task.outcome for task in tasks("waitlist_confirm", "done")] == ["cancelled"]


def test_nobody_is_booked_who_did_not_agree_and_only_the_best_of_those_who_did(cast: Cast) -> None:
    gone, silent, second, first = desk.programs_of(cast, 4)
    quiet = waits(cast, silent, window_to=MONDAY + 2 * DAY)
    waits(cast, second, auto_fill=True, window_to=MONDAY + 5 * DAY)
    waits(cast, first, auto_fill=True, window_to=MONDAY + 4 * DAY)
    cancelled(cast, full_slot(cast, gone))
    assert [len(book_of(program)) for program in (silent, second, first)] == [0, 0, 1]
    quiet.refresh_from_db()
    assert quiet.status == "waiting"
    assert tasks() == []  # the slot is taken: there is nothing to call about


def test_what_is_left_of_a_long_slot_goes_to_the_worklist(cast: Cast) -> None:
    gone, quick, slow = desk.programs_of(cast, 3)
    waits(cast, quick, auto_fill=True, window_to=TUESDAY + HOUR)
    entry = waits(cast, slow, window_to=TUESDAY + 3 * HOUR)
    cancelled(cast, full_slot(cast, gone, kind="dosing"))
    assert [row.starts_at for row in book_of(quick)] == [TUESDAY]
    assert [(row.entry_id, row.starts_at) for row in offered()] == [(entry.pk, TUESDAY + HOUR)]


def test_without_two_hours_notice_the_client_is_called_and_not_booked(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    entry = waits(cast, program, auto_fill=True)
    session = full_slot(cast, gone)
    with clock.fixed(TUESDAY - timedelta(minutes=119)):
        cancelled(cast, session)
    assert book_of(program) == []
    assert names(offered()) == [entry.pk]


def test_a_strange_therapist_is_offered_and_not_booked(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    entry = waits(cast, program, auto_fill=True)
    practice.write_time_off(
        user=cast.therapist, starts_at=TUESDAY, ends_at=TUESDAY + DAY, reason="", by=SYSTEM, at=clock.now()
    )
    staff = [{"user": cast.other_therapist.pk, "role": "therapist"}]
    cancelled(cast, full_slot(cast, gone, staff=staff))
    assert book_of(program) == []
    assert names(offered()) == [entry.pk]


def test_a_dose_that_is_filled_holds_its_integration(cast: Cast) -> None:
    gone, program = desk.programs_of(cast, 2)
    waits(cast, program, "dosing", auto_fill=True, window_to=TUESDAY + 3 * HOUR)
    cancelled(cast, full_slot(cast, gone, kind="dosing"))
    dose, held = sorted(book_of(program), key=lambda session: session.starts_at)
    assert (dose.kind, dose.starts_at, dose.source) == ("dosing", TUESDAY, "scheduler")
    assert (held.kind, held.status, held.for_dose_id) == ("integration", "held", dose.pk)


def test_the_cancellation_stands_when_the_agreed_one_cannot_be_booked(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another desk has a lock on the room just then: the next one is tried, and the first is called."""
    from sessions.booking.services.allocations import ResourceConflict
    from sessions.visits.services import freed_slots

    gone, unlucky, lucky = desk.programs_of(cast, 3)
    first = waits(cast, unlucky, auto_fill=True, window_to=MONDAY + 2 * DAY)
    waits(cast, lucky, auto_fill=True)
    session = full_slot(cast, gone)
    real = freed_slots.booking.book_session

    def busy(*, program: Program, **asked: Any) -> Session:
        if program.pk == unlucky.pk:
            raise ResourceConflict("Another booking is being made.", conflicts=[])
        return real(program=program, **asked)

    monkeypatch.setattr(freed_slots.booking, "book_session", busy)
    cancelled(cast, session)
    session.refresh_from_db()
    first.refresh_from_db()
    assert session.status == "cancelled"
    assert (first.status, book_of(unlucky)) == ("waiting", [])
    assert len(book_of(lucky)) == 1


# --- at the same time ---------------------------------------------------------------------------------------------


def cancelling(cast: Cast, session: Session) -> Callable[[], None]:
    def run() -> None:
        visits.end(session_id=session.pk, move="cancel", reason="Ill", by=cast.frontdesk, at=MONDAY)

    return run


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("waiting", [1, 2, 3])
def test_two_slots_freed_at_once_book_each_who_agreed_once_and_no_slot_twice(
    cast: Cast, waiting: int
) -> None:
    for day_ in range(1, 4):
        gone, other, *agreed = desk.programs_of(cast, 2 + waiting, name=f"KAP {day_}")
        start = MONDAY + day_ * DAY
        window = {"window_from": start, "window_to": start + 3 * HOUR}
        staff = [{"user": cast.other_therapist.pk, "role": "therapist"}]
        pair = [
            full_slot(cast, gone, start),
            full_slot(cast, other, start + 2 * HOUR),
        ]
        people.booked(cast, other, "preparation", start, staff=staff, room=cast.birch.pk)
        for program in agreed:
            waits(cast, program, auto_fill=True, **window)
        assert race(*(cancelling(cast, session) for session in pair)) == []
        booked = [len(book_of(program)) for program in agreed]
        assert max(booked) == 1
        assert 1 <= sum(booked) <= min(2, waiting)
        filled = WaitlistEntry.objects.filter(program__in=agreed, status="filled").count()
        assert filled == sum(booked)
        assert desk.overlaps() == 0
        assert desk.orphans() == []
        sweep_waitlist(at=MONDAY)
        assert not [
            row for row in offered() if row.entry.status != "waiting"
        ]  # whoever was filled is not called as well


@pytest.mark.django_db(transaction=True)
def test_desks_that_free_each_others_wishes_do_not_lock_each_other_out(cast: Cast) -> None:
    """Each client who gives a slot up waits for the other's: four at once, and nobody is left hanging."""
    programs = desk.programs_of(cast, 4)
    for round_ in range(3):
        start = MONDAY + (2 + round_) * DAY
        sessions = [full_slot(cast, program, start + n * HOUR) for n, program in enumerate(programs)]
        for program in programs:
            waits(cast, program, auto_fill=True, window_from=start, window_to=start + 4 * HOUR)
        assert race(*(cancelling(cast, session) for session in sessions)) == []
        assert desk.overlaps() == 0
        assert desk.orphans() == []
        for program in programs:
            standing = [session for session in book_of(program) if session.starts_at >= start]
            assert len(standing) <= 1
        for entry in WaitlistEntry.objects.filter(status="waiting"):
            cast.desk("frontdesk").must(f"waitlist/{entry.pk}/withdraw/", {"reason": "Round over"})
        for session in Session.objects.standing():
            cancelled(cast, session)


def test_nobody_is_booked_too_near_to_their_next_dose_with_nobody_looking(cast: Cast) -> None:
    """The gap between doses holds here too: the slot is offered, and somebody decides."""
    gone = people.cleared_program(cast)
    slot = people.booked(cast, gone, "dosing", TUESDAY)
    other = people.client(cast.north, by=cast.frontdesk, first="Bo", phone="303-555-7777")
    near = people.cleared_program(cast, who=other)
    next_dose = people.booked(cast, near, "dosing", TUESDAY + DAY)
    entry = waits(cast, near, "dosing", auto_fill=True, window_to=TUESDAY + 5 * HOUR)
    cancelled(cast, slot)
    assert list(Session.objects.standing().filter(program=near, kind="dosing")) == [next_dose]
    entry.refresh_from_db()
    assert (entry.status, [offer.entry_id for offer in offered()]) == ("waiting", [entry.pk])


def test_no_dose_is_booked_once_dosing_is_over(cast: Cast) -> None:
    """Neither after a clinician has ended it, nor by a wait that was put down or missed since, with nobody looking."""
    gone, program = desk.programs_of(cast, 2)
    programs.enter_phase(program=program, phase="dosing", by=cast.therapist, at=clock.now())
    entry = waits(cast, program, "dosing", auto_fill=True, window_to=TUESDAY + 5 * HOUR)
    cast.desk("prescriber").must(f"programs/{program.pk}/end-dosing/", {})
    entry.refresh_from_db()
    assert (entry.status, entry.reason) == ("withdrawn", "Dosing has ended.")
    again = waits(cast, program, "dosing", auto_fill=True, window_to=TUESDAY + 5 * HOUR)
    cancelled(cast, full_slot(cast, gone, kind="dosing"))
    assert book_of(program) == []
    assert names(offered()) == [again.pk]


def test_a_wait_that_the_last_planned_dose_outran_is_called_about_nothing(cast: Cast) -> None:
    """What stands is taken off the worklist; who asks for one more dose since then is offered it."""
    gone, before = (people.cleared_program(cast), people.cleared_program(cast, who=_other(cast, "Ann")))
    edition = people.approved_protocol(cast, name="One dose", planned_doses=1, min_preparations=0)
    program = people.cleared_program(cast, who=_other(cast, "Bo"), protocol=edition)
    slots = [
        people.booked(cast, one, "dosing", TUESDAY + days * DAY) for days, one in ((7, gone), (8, before))
    ]
    old = waits(cast, program, "dosing", window_from=TUESDAY, window_to=TUESDAY + 20 * DAY)
    cancelled(cast, slots[0])
    assert set(names(offered())) == {old.pk}
    with clock.fixed(MONDAY + HOUR):
        people.dosed_session(cast, program)
        sweep_waitlist(at=clock.now())
        assert tasks() == []
        cancelled(cast, slots[1])
        assert tasks() == []
        cast.desk("frontdesk").must(f"waitlist/{old.pk}/withdraw/", {"reason": "Had all of them"})
        again = waits(cast, program, "dosing", window_from=TUESDAY, window_to=TUESDAY + 20 * DAY)
        cancelled(cast, people.booked(cast, gone, "dosing", TUESDAY + 16 * DAY))
    assert {task.subject_id for task in tasks()} <= {offer.pk for offer in offered() if offer.entry == again}
    assert tasks()


def test_no_dose_beyond_the_plan_is_booked_with_nobody_looking(cast: Cast) -> None:
    """The desk booked the last one for another day, and forgot the wait: somebody decides whether there is one more."""
    gone = people.cleared_program(cast)
    slot = people.booked(cast, gone, "dosing", TUESDAY)
    other = people.client(cast.north, by=cast.frontdesk, first="Bo", phone="303-555-7777")
    edition = people.approved_protocol(cast, name="One dose", planned_doses=1)
    program = people.cleared_program(cast, who=other, protocol=edition)
    entry = waits(cast, program, "dosing", auto_fill=True, window_to=TUESDAY + 5 * HOUR)
    last = people.booked(cast, program, "dosing", TUESDAY + 14 * DAY)
    cancelled(cast, slot)
    assert list(Session.objects.standing().filter(program=program, kind="dosing")) == [last]
    assert names(offered()) == [entry.pk]
