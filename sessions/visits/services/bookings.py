"""Verbs of the book: book a session, keep a slot while somebody decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.asking import Params
from kapclinic.core.errors import Invalid
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.rules import BOOKERS
from programs import selectors as courses
from programs import services as programs
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.models import Session, SessionHold
from sessions.booking.selectors.asked import asks_behind as asks_guessed
from sessions.booking.selectors.asked import guessed
from sessions.booking.services.bookings import Ask
from sessions.booking.services.kept_slots import extend_kept_slot
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits.services.freed_slots import freed_by, give_away
from sessions.visits.services.visits import lock_session
from sessions.waitlist import selectors as waiting
from sessions.waitlist import services as waitlist
from sessions.waitlist.rules import Freed

TOOK_PLACE = "The integration took place already."


def locks_alone(*, kind: str, hold_id: UUID | None) -> bool:
    """Is the course, with room, staff and client behind it, all that such a booking locks?

    A dose locks its integration slot too, an integration what is owed, and a kept slot is locked before it is let go.
    """
    return hold_id is None and kind not in (SessionKind.DOSING, SessionKind.INTEGRATION)


def asks_behind(*, program_id: UUID, ask: Ask, by: User, at: datetime) -> list[Asks]:
    """What `book` asks behind the locks of `locks_alone`, in its order: they may be sent with these."""
    return [
        courses.asks_seen_program(program_id=program_id, by=by),
        _asks_concerned(program_id, ask),
        asks_guessed(_guess(program_id, ask, at=at)),
    ]


def _asks_concerned(program_id: UUID, ask: Ask) -> Asks:
    times = {"starts_at": ask.starts_at, "ends_at": ask.ends_at}
    return waiting.asks_concerned(program=program_id, kind=ask.kind, **times)


def _guess(program_id: UUID, ask: Ask, *, at: datetime) -> Params:
    return guessed(
        program=program_id,
        kind=ask.kind,
        room=ask.room,
        staff=[UUID(str(row["user"])) for row in ask.staff],
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
        at=at,
    )


def _program(program_id: UUID, by: User, *, is_locked: bool = False) -> Program:
    find = courses.seen_program if is_locked else programs.lock_visible_program
    program = find(program_id=program_id, by=by)
    if program is None:
        raise Invalid.field("program", "There is no such program for you.", code="not_found")
    return program


@transaction.atomic(savepoint=False)  # a refusal undoes all of a request, or of whatever else books
def book(
    *,
    program_id: UUID,
    ask: Ask,
    obligation_id: UUID | None,
    by: User,
    at: datetime,
    hold_id: UUID | None = None,
    clients: Sequence[UUID] | None = None,
) -> Session:
    """Book a session. A dose also holds an integration slot; an integration settles what is owed for its dose.

    What the scheduler booked for that dose by itself gives way to an integration that took place already.
    `clients` is the client under every id, when the request has locked all that `locks_alone` speaks of.

    :raises Invalid: / OutsideHours / ResourceConflict: as in `booking.services.book_session`
    :raises ProgramNotActive: when the course is on hold or over
    """
    transitions.require_role(by, BOOKERS, what="Booking")
    program = _program(program_id, by, is_locked=clients is not None)
    if ask.kind != SessionKind.INTEGRATION:
        programs.require_active(program)
    if hold_id is not None:
        _use_kept_slot(hold_id, program, by=by, at=at)
    obligation = _owed(program, ask, obligation_id, at=at)
    freed = [] if obligation is None else _give_way(obligation, ask, by=by, at=at)
    dose = obligation.dosing_session if obligation else None
    if dose is not None:
        integration.free_held_slot(
            dose=dose, by=by, at=at
        )  # first, so that the held slot itself may be booked
    if ask.kind == SessionKind.DOSING:
        held_slots.lock_dose(program=program, resources=ask.resources)
    concerned = guess = None
    if clients is not None:
        concerned = waiting.concerned_by(_asks_concerned(program_id, ask))
        guess = _guess(program_id, ask, at=at)
    session = booking.book_session(
        program=program, ask=ask, by=by, at=at, for_dose=dose, clients=clients, guess=guess
    )
    if obligation is not None:
        integration.link_booking(obligation=obligation, session=session, by=by, at=at)
    if session.kind == SessionKind.DOSING:
        held_slots.hold_slot(dose=session, program=program, by=by, at=at)
    waitlist.note_booking(session=session, concerned=concerned, by=by, at=at)
    give_away(freed=freed, by=by, at=at)
    return session


def _gives_way(booked: Session | None, ask: Ask, *, at: datetime) -> bool:
    """Is it the scheduler's own booking, to which nobody has agreed yet, and did this integration take place?"""
    if booked is None or ask.starts_at >= at:
        return False
    own = booked.source == Session.Source.SCHEDULER and booked.client_confirmed_at is None
    return own and booked.status == Session.Status.SCHEDULED


def _give_way(obligation: Obligation, ask: Ask, *, by: User, at: datetime) -> list[Freed]:
    """Cancel what the scheduler booked for an integration that took place already; returns what that sets free."""
    booked = obligation.integration_session
    if obligation.state != Obligation.State.BOOKED or not _gives_way(booked, ask, at=at):
        return []
    assert booked is not None
    locked = lock_session(booked.pk)
    freed = freed_by(locked)
    booking.end_booking(session=locked, move="cancel", reason=TOOK_PLACE, by=by, at=at)
    integration.reopen(session=locked, by=by, at=at)
    obligation.refresh_from_db()
    return freed


def _use_kept_slot(hold_id: UUID, program: Program, *, by: User, at: datetime) -> None:
    if not SessionHold.objects.filter(pk=hold_id, program=program).exists():
        raise Invalid.field("hold", "This program has no such hold.", code="not_found")
    booking.end_kept_slot(hold_id=hold_id, by=by, at=at)


@transaction.atomic
def keep(*, program_id: UUID, ask: Ask, by: User, at: datetime) -> SessionHold:
    """Keep a slot while the dialog is open.

    :raises Invalid: / OutsideHours / ResourceConflict: as for a booking
    """
    transitions.require_role(by, BOOKERS, what="Holding a slot")
    return booking.keep_slot(program=_program(program_id, by), ask=ask, by=by, at=at)


def keep_longer(*, hold_id: UUID, by: User, at: datetime) -> SessionHold:
    """Keep a slot a little longer, once.

    :raises HoldExpired: / HoldExtended: as in `booking.services.kept_slots.extend_kept_slot`
    """
    transitions.require_role(by, BOOKERS, what="Holding a slot")
    return extend_kept_slot(hold_id=hold_id, by=by, at=at)


def _owed(program: Program, ask: Ask, obligation_id: UUID | None, *, at: datetime) -> Obligation | None:
    """The obligation that this booking is for: the one named, or the only one that is due.

    One that the scheduler has booked is as good as due for an integration that took place already.
    """
    open_ones = Obligation.objects.select_for_update(of=("self",)).select_related(
        "dosing_session", "integration_session"
    )
    if obligation_id is not None:
        if ask.kind != SessionKind.INTEGRATION:
            raise Invalid.field("obligation", "Only an integration session settles an obligation.")
        obligation: Obligation | None = open_ones.filter(pk=obligation_id, program=program).first()
        if obligation is None:
            raise Invalid.field("obligation", "This program has no such obligation.", code="not_found")
        return obligation
    if ask.kind != SessionKind.INTEGRATION:
        return None
    begun = open_ones.filter(program=program, window_start__lte=ask.starts_at)
    waiting = begun.filter(state__in=[Obligation.State.DUE, Obligation.State.BOOKED])
    due = [
        row
        for row in waiting
        if row.state == Obligation.State.DUE or _gives_way(row.integration_session, ask, at=at)
    ]
    return due[0] if len(due) == 1 else None
