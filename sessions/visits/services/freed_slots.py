"""What becomes of a slot that is free again: an owed integration, one who agreed to it, the front desk's calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import doorbell
from kapclinic.core.errors import Invalid
from kapclinic.practice.models import SYSTEM, Actor, SessionKind
from programs import services as programs
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import StaffRow
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import Ask
from sessions.integration import selectors as integration_selectors
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits.selectors.consequences import BREAKS, Course
from sessions.waitlist import rules, selectors
from sessions.waitlist import services as waitlist
from sessions.waitlist.rules import Freed, Match


class Breaks(Exception):
    """Nobody looks at what is booked by itself: what would break a course is left for the front desk to offer."""


def freed_by(session: Session) -> list[Freed]:
    """What ending or moving `session` sets free: its own time, and for a dose the integration that is held for it.

    Asked before it moves.
    """
    held = Session.objects.filter(for_dose=session, status=Session.Status.HELD)
    return [Freed.of(one) for one in [session, *held]]


def give_away(*, freed: Iterable[Freed], by: Actor, at: datetime) -> None:
    """Put freed slots to use, in the transaction that frees them. Waits for nobody, and refuses nothing.

    An owed integration that fits comes first: the worker is rung, and nobody is booked into its slot before. Else
    the best ranked of those who agreed to it is booked. Whatever is still free then goes to the front desk.
    """
    for one in freed:
        if one.ends_at <= at:
            continue
        owed = list(
            Obligation.objects.filter(state=Obligation.State.DUE, program__location_id=one.location)
            .select_related("program__protocol", "program__location")
            .order_by("-window_end")
        )
        deadlines = {row.program_id: row.window_end for row in owed}  # the earliest stays
        if not _ring_for(owed, one, at=at):
            _book_agreed(one, deadlines, at=at)
        waitlist.offer(freed=one, deadlines=deadlines, by=by, at=at)


def _ring_for(owed: Iterable[Obligation], freed: Freed, *, at: datetime) -> bool:
    """Ring for every owed integration that could have the slot; was there any?"""
    fitting = integration_selectors.fitting(owed, start=freed.starts_at, end=freed.ends_at, at=at)
    for row in fitting:
        doorbell.ring(integration.TASK, obligation_id=row.pk)
    return bool(fitting)


def _book_agreed(freed: Freed, deadlines: Mapping[UUID, datetime], *, at: datetime) -> Session | None:
    """Book the best ranked who agreed to it; one who can't be booked this moment is passed over."""
    for match in selectors.matches(freed=freed, deadlines=deadlines, at=at):
        owes = match.entry.kind == SessionKind.INTEGRATION and match.entry.program_id in deadlines
        if not owes and rules.agreed(
            match, at=at
        ):  # what is owed is booked by the worker, with its obligation
            session = _book(match, at=at)
            if session is not None:
                return session
    return None


def _book(match: Match, *, at: datetime) -> Session | None:
    """Book it in a savepoint. No lock is waited for: this transaction holds another program's already."""
    slot = match.slot
    staff: list[StaffRow] = [{"user": user, "role": role} for user, role in slot.staff]
    ask = Ask(match.entry.kind, slot.modality, slot.starts_at, slot.ends_at, slot.room, staff)
    try:
        with transaction.atomic():
            program = programs.try_lock_program(match.entry.program_id)
            if program is None or program.status != Program.Status.ACTIVE:
                return None
            if waitlist.claim(match.entry.pk) is None:
                return None
            session = booking.book_session(
                program=program, ask=ask, by=SYSTEM, at=at, source=Session.Source.SCHEDULER, wait=False
            )
            _require_whole(session)
            if session.kind == SessionKind.DOSING:
                held_slots.hold_slot(dose=session, program=program, by=SYSTEM, at=at)
            waitlist.note_booking(session=session, by=SYSTEM, at=at)
            waitlist.ask_to_confirm(session=session, by=SYSTEM, at=at)
    except (ResourceConflict, Invalid, Breaks):
        return None
    return session


def _require_whole(session: Session) -> None:
    """:raises Breaks: when the session breaks the course that it was booked into, as `reschedule` refuses it, or is a
    dose beyond those that are planned
    """
    course = Course(session.client_id)
    if session.kind == SessionKind.DOSING:
        doses = course.others(session, SessionKind.DOSING)
        counted = [row for row in doses if row.outcome != Session.Outcome.NOT_DOSED]
        if len(counted) >= session.program.doses_planned:
            raise Breaks
    effects = course.effects(session, papers=False)
    if any(effect.severity == BREAKS for effect in effects):
        raise Breaks
