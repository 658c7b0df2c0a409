"""Verbs of the waitlist: join, withdraw, offer a freed slot, and let go of what is over. Nothing here books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, Invalid, merge
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor, SessionKind, User
from kapclinic.practice.rules import BOOKERS
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs import services as programs
from programs.models import Program
from programs.services import PreferredHours
from sessions.booking.models import Session
from sessions.waitlist import rules, selectors
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer
from sessions.waitlist.rules import Freed, Match

COURSE_OVER = "The program has ended."


class WaitFields(TypedDict):
    """What a client waits for, and when they can come; an empty list of days is any day."""

    program: UUID
    kind: str
    modality: NotRequired[str]
    window_from: datetime
    window_to: datetime
    preferred_days: NotRequired[list[int]]
    preferred_hours: NotRequired[PreferredHours | None]
    auto_fill: NotRequired[bool]


class AlreadyWaiting(Conflict):
    """The client waits for this kind already, in a window that overlaps."""

    code, title = "already_waiting", "Already on the waitlist"


@transaction.atomic
def join(*, values: WaitFields, by: User, at: datetime) -> WaitlistEntry:
    """Put a program on the waitlist for one kind of session and a window of time.

    :raises Invalid: for a program of another location, or a window that is reversed, over or too wide
    :raises ProgramNotActive: when the course is on hold or over
    :raises AlreadyWaiting: when it waits for that kind already, in a window that overlaps
    """
    transitions.require_role(by, BOOKERS, what="The waitlist")
    program = Program.objects.visible_to(by).filter(pk=values["program"]).first()
    if program is None:
        raise Invalid.field("program", "There is no such program for you.", code="not_found")
    program = programs.lock_program(program.pk)
    programs.require_active(program)
    merge(rules.window_errors(window_from=values["window_from"], window_to=values["window_to"], at=at))
    entry = WaitlistEntry(program=program)
    for name, value in values.items():
        if name != "program":
            setattr(entry, name, value)
    try:
        with transaction.atomic():
            return entry.save_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyWaiting("Withdraw the entry whose window overlaps, or choose another window.") from exc


@transaction.atomic
def withdraw(*, entry_id: UUID, reason: str, by: User, at: datetime) -> WaitlistEntry:
    """The client waits no more.

    :raises IllegalTransition: when the wait is over already
    """
    entry: WaitlistEntry = WaitlistEntry.objects.select_for_update(no_key=True).get(pk=entry_id)
    entry.reason = reason
    return _end(entry, "withdraw", by=by, at=at)


def withdraw_of_ended(*, program_id: UUID, owes: bool, by: Actor, at: datetime) -> None:
    """A course is over: it waits for nothing any more, but for an integration while it `owes` one."""
    waiting = WaitlistEntry.objects.waiting().filter(program=program_id)
    if owes:
        waiting = waiting.exclude(kind=SessionKind.INTEGRATION)
    _withdraw_all(waiting, reason=COURSE_OVER, by=by, at=at)


def withdraw_doses(*, program_id: UUID, reason: str, by: Actor, at: datetime) -> None:
    """No further dose is planned: the course waits for none."""
    waiting = WaitlistEntry.objects.waiting().filter(program=program_id, kind=SessionKind.DOSING)
    _withdraw_all(waiting, reason=reason, by=by, at=at)


def _withdraw_all(waiting: QuerySet[WaitlistEntry], *, reason: str, by: Actor, at: datetime) -> None:
    for pk in waiting.order_by("pk").values_list("pk", flat=True):
        _withdraw_ended(pk, reason=reason, by=by if by.role_set & BOOKERS else SYSTEM, at=at)


@transaction.atomic
def _withdraw_ended(entry_id: UUID, *, at: datetime, by: Actor = SYSTEM, reason: str = COURSE_OVER) -> None:
    waiting = WaitlistEntry.objects.waiting().select_for_update(no_key=True)
    entry = waiting.filter(pk=entry_id).first()
    if entry is not None:
        entry.reason = reason
        _end(entry, "withdraw", by=by, at=at)


def _end(entry: WaitlistEntry, move: str, *, by: Actor, at: datetime) -> WaitlistEntry:
    transitions.apply(rules.WAITLIST_MOVES, move, instance=entry, by=by)
    entry.save_by(by, at=at)
    for offer in selectors.open_offers().filter(entry=entry):
        _settle(offer, outcome=entry.status, by=by, at=at)
    return entry


def _settle(offer: WaitlistOffer, *, outcome: str, by: Actor, at: datetime) -> None:
    trail.settle_tasks(kind=Kind.SLOT_FREED, subject_id=offer.pk, by=by, at=at, outcome=outcome)


@transaction.atomic
def offer(
    *, freed: Freed, deadlines: Mapping[UUID, datetime], by: Actor, at: datetime
) -> list[WaitlistOffer]:
    """Put a freed slot on the front desk's worklist: one row per client whom it suits, due in the order of their rank.

    `deadlines` is when the integration that a program owes must have begun. Books nothing, and tells nobody twice.
    """
    found = rules.one_per_client(selectors.matches(freed=freed, deadlines=deadlines, at=at))
    known = set(
        selectors.open_offers()
        .filter(entry__in=[match.entry.pk for match in found])
        .values_list("entry_id", "starts_at")
    )
    fresh = [match for match in found if (match.entry.pk, match.slot.starts_at) not in known]
    return [
        _offer(match, freed=freed, rank=rank, of=len(fresh), by=by, at=at) for rank, match in enumerate(fresh)
    ]


def _offer(match: Match, *, freed: Freed, rank: int, of: int, by: Actor, at: datetime) -> WaitlistOffer:
    entry, slot = match.entry, match.slot
    row = WaitlistOffer(
        entry=entry,
        freed_by_id=freed.session,
        rank=rank + 1,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        modality=slot.modality,
        room_id=slot.room,
        staff=[{"user": str(user), "role": role} for user, role in slot.staff],
    ).insert_by(by, at=at)
    trail.open_task(
        kind=Kind.SLOT_FREED,
        location=entry.program.location_id,
        client=entry.program.client_id,
        subject_type="waitlist_offer",
        subject_id=row.pk,
        due_at=rules.due_by(rank, of=of, starts_at=slot.starts_at, at=at),
        by=by,
        at=at,
    )
    return row


def claim(entry_id: UUID) -> WaitlistEntry | None:
    """The entry, locked; None when it waits no more, or another transaction has locked it."""
    free = WaitlistEntry.objects.waiting().select_for_update(no_key=True, skip_locked=True)
    entry: WaitlistEntry | None = free.filter(pk=entry_id).first()
    return entry


def note_booking(
    *, session: Session, by: Actor, at: datetime, concerned: tuple[bool, bool] | None = None
) -> list[WaitlistEntry]:
    """A session was booked or moved: entries that waited for it are filled, and offers that it took are gone.

    Part of the booking's transaction, whose program's lock keeps new entries of the program away. `concerned` is what
    `selectors.concerned` tells, from a caller who has asked behind that lock.
    """
    waits, offered = concerned or selectors.concerned(session)
    filled = []
    for entry in selectors.waited_for(session) if waits else ():
        entry.filled_by = session
        filled.append(_end(entry, "fill", by=by, at=at))
    for taken in selectors.in_the_way(session) if offered else ():
        if not selectors.still_free(taken, at=at):
            _settle(taken, outcome="taken", by=by, at=at)
    return filled


def note_bookings(*, sessions: Sequence[Session], by: Actor, at: datetime) -> None:
    """Do `note_booking` for many, in their order: one statement for those that concern nobody."""
    concerned = selectors.concerned_of(sessions) if sessions else set()
    for session in sessions:
        if session.pk in concerned:
            note_booking(session=session, by=by, at=at)


def ask_to_confirm(*, session: Session, by: Actor, at: datetime) -> None:
    """A session was booked without asking: the front desk tells the client, until they have confirmed."""
    trail.open_task(
        kind=Kind.WAITLIST_CONFIRM,
        location=session.location_id,
        client=session.client_id,
        subject_type="session",
        subject_id=session.pk,
        due_at=session.starts_at,
        by=by,
        at=at,
    )


def settle_confirmation(*, session: Session, outcome: str, by: Actor, at: datetime) -> None:
    """The client has confirmed, or there is nothing to confirm any more."""
    trail.settle_tasks(kind=Kind.WAITLIST_CONFIRM, subject_id=session.pk, by=by, at=at, outcome=outcome)


@transaction.atomic
def _expire(entry_id: UUID, *, at: datetime) -> None:
    entry = claim(entry_id)
    if entry is not None and entry.window_to <= at:
        _end(entry, "expire", by=SYSTEM, at=at)


@transaction.atomic
def _let_go(row: WaitlistOffer, *, at: datetime) -> None:
    if not selectors.still_free(row, at=at):
        waits = row.entry.status == WaitlistEntry.Status.WAITING
        outcome = "taken" if waits and row.starts_at > at else "over"
        _settle(row, outcome=outcome, by=SYSTEM, at=at)


def sweep_waitlist(*, at: datetime) -> int:
    """End the waits whose window or course is over, and take offers off the worklist that nobody can have any more.

    One that fails does not keep the others waiting; the first failure is raised at the end, so that it is seen.
    """
    over = list(
        WaitlistEntry.objects.waiting()
        .filter(window_to__lte=at)
        .order_by("window_to", "pk")
        .values_list("pk", flat=True)
    )
    offers = list(selectors.open_offers())
    vain = selectors.waits_in_vain().order_by("pk").values_list("pk", flat=True)
    ends = [*(partial(_expire, pk) for pk in over), *(partial(_withdraw_ended, pk) for pk in vain)]
    steps = [*ends, *(partial(_let_go, row) for row in offers)]
    each(steps, lambda step: step(at=at))
    return len(steps)
