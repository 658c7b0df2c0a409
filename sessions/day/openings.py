"""What becomes of a slot that is free again: an owed integration, one who agreed to it, the front desk's calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from kapclinic.core import doorbell
from kapclinic.core.errors import Invalid
from kapclinic.practice.models import SYSTEM, SessionKind
from programs import services as programs
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.allocating import ResourceConflict
from sessions.booking.models import Session
from sessions.booking.services import Ask
from sessions.dosing import services as dosing
from sessions.dosing.models import Administration
from sessions.integration import holding
from sessions.integration import selectors as integration_selectors
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.waitlist import rules, selectors
from sessions.waitlist import services as waitlist
from sessions.waitlist.rules import Freed, Match


def freed_by(session: Session) -> list[Freed]:
    """What ending or moving `session` sets free: its own time, and for a dose the integration that is held for it.

    Asked before it moves.
    """
    held = Session.objects.filter(for_dose=session, status=Session.Status.HELD)
    return [Freed.of(one) for one in [session, *held]]


@transaction.atomic
def end_undosed(*, session_id: UUID, reason: str, moment: datetime, by: Any, at: datetime) -> Session:
    """End a visit without a dose, and put the integration slot that was held for it to use.

    :raises IllegalTransition: / Invalid: as in `discharging.end_undosed`
    """
    held = freed_by(Session.objects.get(pk=session_id))[1:]
    session = dosing.end_undosed(session_id=session_id, reason=reason, moment=moment, by=by, at=at)
    give_away(freed=held, by=by, at=at)
    return session


@transaction.atomic
def waive(*, obligation_id: UUID, reason: str, by: Any, at: datetime) -> Obligation:
    """Do without the integration of one dose, and put the slot that was held for it to use.

    :raises NotPermitted: / IllegalTransition: as in `integration.waive`
    """
    dose_id = Obligation.objects.values_list("dosing_session_id", flat=True).get(pk=obligation_id)
    before = _standing_for(dose_id)
    obligation = integration.waive(obligation_id=obligation_id, reason=reason, by=by, at=at)
    give_away(freed=_let_go(before), by=by, at=at)
    return obligation


@transaction.atomic
def void_administration(*, dose_id: UUID, reason: str, by: Any, at: datetime) -> None:
    """Say that a dose was recorded in error, and put the integration that stood in the book for it to use.

    :raises NotPermitted: / AlreadyVoid: as in `dosing.void_administration`
    """
    before = _standing_for(Administration.objects.values_list("session_id", flat=True).get(pk=dose_id))
    dosing.void_administration(dose_id=dose_id, reason=reason, by=by, at=at)
    give_away(freed=_let_go(before), by=by, at=at)


def _standing_for(dosing_session_id: UUID) -> list[UUID]:
    """What stands in the book for a dose, which stays locked."""
    programs.lock_program(Session.objects.values_list("program_id", flat=True).get(pk=dosing_session_id))
    standing = Session.objects.standing().filter(for_dose=dosing_session_id)
    return list(standing.values_list("pk", flat=True))


def _let_go(session_ids: Iterable[UUID]) -> list[Freed]:
    """Those of the sessions that are cancelled by now."""
    gone = Session.objects.filter(pk__in=list(session_ids), status=Session.Status.CANCELLED)
    return [Freed.of(session) for session in gone.order_by("starts_at")]


def give_away(*, freed: Iterable[Freed], by: Any, at: datetime) -> None:
    """Put freed slots to use, in the transaction that frees them. Waits for nobody, and refuses nothing.

    An owed integration that fits comes first: the worker is rung, and nobody is booked into its slot before. Else
    the best ranked of those who agreed to it is booked. Whatever is still free then goes to the front desk.
    """
    for one in freed:
        if one.ends_at <= at:
            continue
        owed = list(
            Obligation.objects.filter(state=Obligation.State.DUE, program__location_id=one.location)
            .select_related("program__protocol", "program__location", "dosing_session")
            .order_by("-window_end")
        )
        deadlines = {row.program_id: row.window_end for row in owed}  # the earliest stays
        if not _ring_for(owed, one, at=at):
            _book_agreed(one, deadlines, at=at)
        waitlist.offer(freed=one, deadlines=deadlines, by=by, at=at)


def _ring_for(owed: Iterable[Obligation], freed: Freed, *, at: datetime) -> bool:
    """Ring for every owed integration that could have the slot; was there any?"""
    fitting = [row for row in owed if _fits(row, freed, at=at)]
    for row in fitting:
        doorbell.ring(integration.TASK, obligation_id=row.pk)
    return bool(fitting)


def _fits(owed: Obligation, freed: Freed, *, at: datetime) -> bool:
    start, end = max(owed.window_start, freed.starts_at), min(owed.window_end, freed.ends_at)
    if start >= end:
        return False
    dose = owed.dosing_session
    slots = integration_selectors.candidates(program=owed.program, dose=dose, start=start, end=end, at=at)
    return bool(slots)


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
    staff = [{"user": user, "role": role} for user, role in slot.staff]
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
            if session.kind == SessionKind.DOSING:
                holding.hold_slot(dose=session, program=program, by=SYSTEM, at=at)
            waitlist.note_booking(session=session, by=SYSTEM, at=at)
            waitlist.ask_to_confirm(session=session, by=SYSTEM, at=at)
    except (ResourceConflict, Invalid):
        return None
    return session
