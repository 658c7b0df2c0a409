"""A staff member will be away: what that breaks is shown first; then the time off and every move are kept, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid, merge
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Actor, SessionKind, TimeOff, User
from kapclinic.practice.rules import ABSENCE_ROLES, BOOKERS
from kapclinic.practice.selectors import person_ids
from programs import services as programs
from sessions.absences import selectors
from sessions.absences.selectors.impact import Absence, LostWindow
from sessions.booking import rules
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import StaffRow
from sessions.booking.services.allocations import (
    Clash,
    ResourceConflict,
    lock_resources,
    release,
    taken_resources,
)
from sessions.booking.services.bookings import Ask
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits import services as visits
from sessions.visits.selectors import consequences
from sessions.waitlist import services as waitlist

S = Session.Status
AWAY = "A staff member is away."


class AbsenceMove(TypedDict):
    """Where a session goes, or that it is cancelled and why; what a move does not name stays."""

    session: UUID
    cancel: bool
    reason: NotRequired[str]
    starts_at: NotRequired[datetime]
    ends_at: NotRequired[datetime]
    modality: NotRequired[str]
    room: NotRequired[UUID | None]
    staff: NotRequired[Sequence[StaffRow]]
    override_reason: NotRequired[str]


class Impact(TypedDict):
    """What an absence would break; `elsewhere` counts the sessions at other locations."""

    sessions: list[tuple[Session, list[selectors.Replacement]]]
    obligations: list[LostWindow]
    elsewhere: int


Rows = Mapping[UUID, tuple[int, AbsenceMove]]  # session -> (place in the request, what to do with it)


class UnresolvedSessions(Conflict):
    """Sessions of the absent person for which nothing was decided; `elsewhere` counts those at other locations."""

    code, title = "unresolved_sessions", "Sessions are left without this person"


class AbsenceConflict(ResourceConflict):
    """Some moves don't fit; nothing was kept. Each conflict says which session was to move (`moving`)."""

    title = "The moves don't fit"


@dataclass(frozen=True)
class Kept:
    """The time off, the sessions that moved or were cancelled, and the integrations that are due again."""

    time_off: TimeOff
    sessions: list[Session]
    obligations: list[Obligation]


@dataclass(frozen=True)
class _Work:
    """One absence being applied: who acts, what is asked, and every session it touches, locked."""

    absence: Absence
    rows: Rows
    sessions: dict[UUID, Session]
    by: User
    at: datetime

    @property
    def cancels(self) -> list[tuple[Session, AbsenceMove]]:
        return [(self.sessions[pk], row) for pk, (_, row) in self.rows.items() if row["cancel"]]

    @property
    def moves(self) -> list[tuple[int, Session, Ask]]:
        return [
            (index, self.sessions[pk], ask_of(self.sessions[pk], row))
            for pk, (index, row) in self.rows.items()
            if not row["cancel"]
        ]


def ask_of(session: Session, row: AbsenceMove) -> Ask:
    """What a move asks for; what it does not name stays."""
    return Ask(
        kind=session.kind,
        modality=row.get("modality", session.modality),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        room=row.get("room", session.room_id),
        staff=row.get("staff", session.staff),
        override_reason=row.get("override_reason", ""),
    )


def _person(user_id: UUID, by: User) -> User:
    transitions.require_role(by, ABSENCE_ROLES, what="An absence")
    found: User | None = User.objects.filter(pk=user_id, locations__overlap=list(by.locations)).first()
    if found is None:
        raise Invalid.field("user", "There is no such staff member for you.", code="not_found")
    return found


@transaction.atomic
def preview(*, user_id: UUID, starts_at: datetime, ends_at: datetime, by: User, at: datetime) -> Impact:
    """What an absence would break, with up to three ways out for each session: tried out and taken back.

    Whoever may not book gets no replacements, and is to be told no more than the times.

    :raises Invalid: for a staff member of another location, or an end that is not after the start
    """
    user = _person(user_id, by)
    absence = Absence(user.pk, starts_at, ends_at, at)
    with transaction.atomic():
        practice.write_time_off(user=user, starts_at=starts_at, ends_at=ends_at, reason="", by=by, at=at)
        found = list(selectors.broken(absence))
        mine = [session for session in found if session.location_id in by.locations]
        so_far = selectors.proposals(by.locations)
        books = bool(by.role_set & BOOKERS)
        sessions = [
            (session, selectors.replace(session, absence, so_far) if books else []) for session in mine
        ]
        windows = selectors.windows_lost(absence, by=by, sessions=found)
        transaction.set_rollback(True)
    return {"sessions": sessions, "obligations": windows, "elsewhere": len(found) - len(mine)}


@transaction.atomic
def record(
    *,
    user_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    moves: Sequence[AbsenceMove],
    by: User,
    at: datetime,
) -> Kept:
    """Mark somebody away and move or cancel every session that this breaks, in one transaction, or refuse it all.

    A slot that is only held for a planned dose needs no decision: it is held anew.

    :raises NotPermitted: for moves by somebody who may not book
    :raises Invalid: for a person or session that the actor may not see, or a move that can't be (`/moves/0/…`)
    :raises UnresolvedSessions: naming the sessions in the absence that no move is for
    :raises AbsenceConflict: naming everything that is taken, for each move
    :raises CourseConflict: when a move would break its course, without `override_reason`
    """
    if moves:
        transitions.require_role(by, BOOKERS, what="Moving sessions")
    return _keep(_person(user_id, by), (starts_at, ends_at), reason, moves, by=by, at=at)


@transaction.atomic
def add_time_off(
    *, user: User, starts_at: datetime, ends_at: datetime, reason: str, by: User, at: datetime
) -> TimeOff:
    """Mark somebody away for whom nothing is booked then. The caller has seen that `by` may see `user`.

    :raises Invalid: when the end is not after the start
    :raises UnresolvedSessions: naming the sessions that this would leave without them: those need an absence
    """
    transitions.require_role(by, ABSENCE_ROLES, what="Time off")
    return _keep(user, (starts_at, ends_at), reason, (), by=by, at=at).time_off


def _keep(
    user: User,
    span: tuple[datetime, datetime],
    reason: str,
    moves: Sequence[AbsenceMove],
    *,
    by: User,
    at: datetime,
) -> Kept:
    starts_at, ends_at = span
    absence = Absence(user.pk, starts_at, ends_at, at)
    rows = _named(moves, by)
    time_off = practice.write_time_off(
        user=user, starts_at=starts_at, ends_at=ends_at, reason=reason, by=by, at=at
    )
    work = _Work(absence, rows, _lock_all(absence, rows), by, at)
    freed = [one for session in work.sessions.values() for one in visits.freed_by(session)]
    reheld = _resolve(work)
    owing = _cancel(work)
    _move(work, reheld)
    visits.give_away(freed=freed, by=by, at=at)
    touched = [work.sessions[pk] for pk in rows]
    return Kept(time_off, sorted(touched, key=lambda session: session.starts_at), owing)


def _named(moves: Sequence[AbsenceMove], by: User) -> dict[UUID, tuple[int, AbsenceMove]]:
    """The rows by session.

    :raises Invalid: for a session that is named twice, or that the actor may not see
    """
    ids = [row["session"] for row in moves]
    known = set(Session.objects.visible_to(by).filter(pk__in=ids).values_list("pk", flat=True))
    errors = [
        FieldError(f"/moves/{i}/session", "not_found", "There is no such session for you.")
        for i, pk in enumerate(ids)
        if pk not in known
    ]
    errors += [
        FieldError(f"/moves/{i}/session", "repeated", "This session is named twice.")
        for i, pk in enumerate(ids)
        if pk in ids[:i]
    ]
    merge(errors)
    return {row["session"]: (index, row) for index, row in enumerate(moves)}


def _lock_all(absence: Absence, rows: Rows) -> dict[UUID, Session]:
    """Every session that the absence or the request names, locked: programs, then sessions, then all resources of
    old and new places at once, each in one order, so that desks which do the same wait and never deadlock."""
    owners = {
        *Session.objects.filter(pk__in=list(rows)).values_list("program_id", flat=True),
        *selectors.broken(absence).values_list("program_id", flat=True),
    }
    for program_id in sorted(owners):
        programs.lock_program(program_id)
    ids = {*rows, *selectors.broken(absence).values_list("pk", flat=True)}
    related = ("program__protocol", "program__location", "location", "room", "for_dose")
    locked = Session.objects.select_for_update(of=("self",)).select_related(*related).filter(pk__in=ids)
    sessions = {session.pk: session for session in locked.order_by("pk")}
    resources = {absence.user}
    for pk, session in sessions.items():
        resources |= {*person_ids(session.client_id), *taken_resources(session)}
        if pk in rows and not rows[pk][1]["cancel"]:
            resources |= set(ask_of(session, rows[pk][1]).resources)
        if session.kind == SessionKind.DOSING or session.status == S.HELD:
            resources |= set(held_slots.held_slot_resources(session.program))
    lock_resources(sorted(resources))
    return sessions


def _resolve(work: _Work) -> list[Session]:
    """The doses that need a new held slot: the old one falls into the absence, or the dose itself moves.

    :raises UnresolvedSessions: for any other session in the absence that no row names
    :raises Invalid: for a held slot that is named beside its dose: it moves with the dose
    """
    left = [session for session in selectors.broken(work.absence) if session.pk not in work.rows]
    open_ones = [session for session in left if session.status != S.HELD]
    if open_ones:
        seen = [session.pk for session in open_ones if session.location_id in work.by.locations]
        raise UnresolvedSessions(
            "Say for each session whether it moves or is cancelled: absences/preview/ shows the ways out.",
            sessions=[str(pk) for pk in seen],
            elsewhere=len(open_ones) - len(seen),
            preview="absences/preview/",
        )
    doses = {
        session.pk: session
        for _, session, ask in work.moves
        if session.kind == SessionKind.DOSING and _moves_in_time(session, ask)
    }
    gone = {session.pk for session, _ in work.cancels}
    merge(
        [
            FieldError(f"/moves/{index}/session", "moves_with_dose", "This held slot moves with its dose.")
            for index, session, _ in work.moves
            if session.status == S.HELD and session.for_dose_id in gone | set(doses)
        ]
    )
    held = [session.for_dose for session in left if session.for_dose_id not in gone]
    return list({dose.pk: dose for dose in [*held, *doses.values()] if dose is not None}.values())


def _moves_in_time(session: Session, ask: Ask) -> bool:
    return (ask.starts_at, ask.ends_at) != (session.starts_at, session.ends_at)


def _cancel(work: _Work) -> list[Obligation]:
    """Cancel what is to be cancelled; returns the integrations that are due again, for which the worker is rung."""
    owing: list[Obligation] = []
    for session, row in work.cancels:
        owed = Obligation.objects.filter(integration_session=session).first()
        ended = visits.end(
            session_id=session.pk, move="cancel", reason=row["reason"], by=work.by, at=work.at, offer=False
        )
        work.sessions[session.pk] = ended
        if owed is not None:
            owed.refresh_from_db()
            owing.append(owed)
    return owing


def _move(work: _Work, reheld: Iterable[Session]) -> None:
    """Free all that moves, then place each: two sessions may take each other's place.

    :raises AbsenceConflict: naming everything that is taken
    """
    actor = work.by if work.by.role_set & rules.SESSION_MOVES["reschedule"].roles else SYSTEM
    doses = list(reheld)
    for dose in doses:
        integration.free_held_slot(dose=dose, by=actor, at=work.at)
    for index, session, ask in work.moves:
        _require_movable(index, session, ask)
        release(session=session, at=work.at)
    changed = [
        session for _, session, ask in work.moves if _moves_in_time(session, ask) and not ask.override_reason
    ]
    conflicts = []
    for index, session, ask in work.moves:
        reason = work.rows[session.pk][1].get("reason", AWAY)
        conflicts += _place(index, session, ask, reason=reason, by=actor, at=work.at)
    if conflicts:
        raise AbsenceConflict("Something is taken at that time.", conflicts=conflicts)
    _require_courses(changed)
    for dose in doses:
        held_slots.hold_slot(dose=dose, program=dose.program, by=actor, at=work.at)
    for _, session, _ in work.moves:
        waitlist.note_booking(session=session, by=actor, at=work.at)


def _require_movable(index: int, session: Session, ask: Ask) -> None:
    """:raises Invalid: for an integration before its window"""
    owed = Obligation.objects.filter(integration_session=session).first()
    if owed is not None and ask.starts_at < owed.window_start:
        raise Invalid.field(
            f"moves/{index}/starts_at", "This integration starts before its window.", code="before_window"
        )


def _place(index: int, session: Session, ask: Ask, *, reason: str, by: Actor, at: datetime) -> list[Clash]:
    """Move one session; what is taken is returned, so that the refusal names all of it.

    :raises Invalid: with the place in the request (`/moves/0/starts_at`)
    """
    session.modality = ask.modality
    try:
        booking.move_session(session=session, program=session.program, ask=ask, reason=reason, by=by, at=at)
    except ResourceConflict as exc:
        return [row | {"moving": str(session.pk)} for row in exc.extra["conflicts"]]
    except IllegalTransition as exc:
        raise IllegalTransition(
            f"Move {index + 1}: {exc.detail}", session=str(session.pk), **exc.extra
        ) from exc
    except Invalid as exc:
        errors = [FieldError(f"/moves/{index}{e.pointer}", e.code, e.detail) for e in exc.errors]
        raise type(exc)(exc.detail, errors=errors) from exc
    return []


def _require_courses(sessions: Iterable[Session]) -> None:
    """:raises CourseConflict: when the new time of a session breaks its course"""
    found = [
        effect
        for session in sessions
        for effect in consequences.effects(
            session=session, starts_at=session.starts_at, ends_at=session.ends_at
        )
    ]
    broken = [effect for effect in found if effect.severity == consequences.BREAKS]
    if broken:
        words = " ".join(dict.fromkeys(effect.detail for effect in broken))
        raise visits.CourseConflict(
            f"{words} Send override_reason to move it all the same.", effects=[e.as_dict() for e in found]
        )
