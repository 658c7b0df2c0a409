"""What becomes of the sessions that somebody or something was booked for and is no more: moved, cancelled, left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid, merge
from kapclinic.core.moments import utc_text
from kapclinic.practice.models import SYSTEM, Actor, SessionKind, User
from kapclinic.practice.rules import BOOKERS
from kapclinic.practice.selectors import person_ids
from programs import services as programs
from sessions.absences.selectors.goings import Going
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
from sessions.visits.selectors.remedies import Remedies
from sessions.waitlist import services as waitlist

S = Session.Status
AWAY = "A staff member is away."
UNFIT = "This session can't go there so."
GONE = "The person, the room or the hours of this session are gone."


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


class LeftRow(TypedDict):
    """A session for which nothing was decided: its times, and nothing clinical (R13)."""

    id: str
    starts_at: str
    ends_at: str


Rows = Mapping[UUID, tuple[int, AbsenceMove]]  # session -> (place in the request, what to do with it)


class UnresolvedSessions(Conflict):
    """Sessions for which nothing was decided, with their times; `elsewhere` counts those at other locations."""

    code, title = "unresolved_sessions", "Sessions are left behind"


class AbsenceConflict(ResourceConflict):
    """Some moves don't fit; nothing was kept. Each conflict says which session was to move (`moving`)."""

    title = "The moves don't fit"


@dataclass(frozen=True)
class Settled:
    """What was moved or cancelled, the integrations that are due again, and what was left as it stood."""

    sessions: list[Session]
    obligations: list[Obligation]
    left: list[Session]


@dataclass(frozen=True)
class _Work:
    """One loss being settled: who acts, what is asked, and every session it touches, locked."""

    going: Going
    rows: Rows
    sessions: dict[UUID, Session]
    by: User
    at: datetime

    @property
    def actor(self) -> Actor:
        """Who moves and cancels: an administrator's word is carried out by the system, for they do not book."""
        return self.by if self.by.role_set & BOOKERS else SYSTEM

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


def left_rows(sessions: Iterable[Session], *, by: User) -> list[LeftRow]:
    """The times of those that are at the user's own locations."""
    return [
        {
            "id": str(session.pk),
            "starts_at": utc_text(session.starts_at),
            "ends_at": utc_text(session.ends_at),
        }
        for session in sessions
        if session.location_id in by.locations
    ]


def settle(
    going: Going,
    moves: Sequence[AbsenceMove],
    *,
    leave: bool,
    words: str,
    by: User,
    at: datetime,
) -> Settled:
    """Move or cancel what the rows name; the rest of what breaks is left when `leave` says so, or refuses it all.

    The loss itself is written already, in this transaction. A slot that is only held for a planned dose needs no
    decision: it is held anew.

    :raises Invalid: for a session that the actor may not see, or a move that can't be (`/moves/0/…`)
    :raises UnresolvedSessions: naming the sessions that no row is for (`words` tell what to do)
    :raises AbsenceConflict: naming everything that is taken, for each move
    :raises CourseConflict: when a move would break its course, without `override_reason`
    """
    rows = _named(moves, going, by)
    work = _Work(going, rows, _lock_all(going, rows), by, at)
    open_ones, reheld = _resolve(work)
    if open_ones and not leave:
        listed = left_rows(open_ones, by=by)
        raise UnresolvedSessions(
            words,
            sessions=[row["id"] for row in listed],
            unresolved=listed,
            elsewhere=len(open_ones) - len(listed),
            preview="absences/preview/",
        )
    kept = {session.pk for session in open_ones}
    resolved = [session for session in work.sessions.values() if session.pk not in kept]
    freed = [one for session in resolved for one in visits.freed_by(session)]
    owing = _cancel(work)
    owing += _leave(work, open_ones)
    _move(work, reheld)
    visits.give_away(freed=freed, by=work.actor, at=at)
    touched = sorted((work.sessions[pk] for pk in rows), key=lambda session: session.starts_at)
    return Settled(touched, owing, open_ones)


def _named(moves: Sequence[AbsenceMove], going: Going, by: User) -> dict[UUID, tuple[int, AbsenceMove]]:
    """The rows by session. Who does not book names only what breaks: they know of no other session.

    :raises Invalid: for a session that is named twice, or that the actor may not see
    """
    ids = [row["session"] for row in moves]
    seen = Session.objects.visible_to(by).filter(pk__in=ids)
    if not by.role_set & BOOKERS:
        seen = seen.filter(pk__in=going.broken().values("pk"))
    known = set(seen.values_list("pk", flat=True))
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


def _lock_all(going: Going, rows: Rows) -> dict[UUID, Session]:
    """Every session that the loss or the request names, locked: programs, then sessions, then all resources of
    old and new places at once, each in one order, so that desks which do the same wait and never deadlock.

    A booking that was waited for may have been kept meanwhile: then once more, and nothing can be booked after that.
    """
    sessions = _lock_once(going, rows)
    if set(going.broken().values_list("pk", flat=True)) - set(sessions):
        sessions = _lock_once(going, rows)
    return sessions


def _lock_once(going: Going, rows: Rows) -> dict[UUID, Session]:
    owners = {
        *Session.objects.filter(pk__in=list(rows)).values_list("program_id", flat=True),
        *going.broken().values_list("program_id", flat=True),
    }
    for program_id in sorted(owners):
        programs.lock_program(program_id)
    ids = {*rows, *going.broken().values_list("pk", flat=True)}
    related = ("program__protocol", "program__location", "location", "room", "for_dose")
    locked = Session.objects.select_for_update(of=("self",)).select_related(*related).filter(pk__in=ids)
    sessions = {session.pk: session for session in locked.order_by("pk")}
    resources = set(going.resources)
    for pk, session in sessions.items():
        resources |= {*person_ids(session.client_id), *taken_resources(session)}
        if pk in rows and not rows[pk][1]["cancel"]:
            resources |= set(ask_of(session, rows[pk][1]).resources)
        if session.kind == SessionKind.DOSING or session.status == S.HELD:
            resources |= set(held_slots.held_slot_resources(session.program))
    lock_resources(sorted(resources))
    return sessions


def _resolve(work: _Work) -> tuple[list[Session], list[Session]]:
    """The sessions that no row names, and the doses that need a new held slot: the old one is lost, or the dose moves.

    :raises Invalid: for a held slot that is named beside its dose: it moves with the dose
    """
    left = [work.sessions[one.pk] for one in work.going.broken() if one.pk not in work.rows]
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
    held = [session.for_dose for session in left if session.status == S.HELD]
    wanting = [dose for dose in [*held, *doses.values()] if dose is not None and dose.pk not in gone]
    open_ones = [session for session in left if session.status != S.HELD]
    return open_ones, list({dose.pk: dose for dose in wanting}.values())


def _moves_in_time(session: Session, ask: Ask) -> bool:
    return (ask.starts_at, ask.ends_at) != (session.starts_at, session.ends_at)


def _cancel(work: _Work) -> list[Obligation]:
    """Cancel what is to be cancelled; returns the integrations that are due again, for which the worker is rung."""
    owing: list[Obligation] = []
    for session, row in work.cancels:
        try:
            owing += _end(work, session, reason=row["reason"], by=work.actor)
        except IllegalTransition:
            if work.actor is not SYSTEM:
                raise
            raise IllegalTransition("This session can't be cancelled.", session=str(session.pk)) from None
    return owing


def _end(work: _Work, session: Session, *, reason: str, by: Actor) -> list[Obligation]:
    owed = Obligation.objects.filter(integration_session=session).first()
    work.sessions[session.pk] = visits.end(
        session_id=session.pk, move="cancel", reason=reason, by=by, at=work.at, offer=False
    )
    if owed is None:
        return []
    owed.refresh_from_db()
    return [owed]


def _leave(work: _Work, sessions: Iterable[Session]) -> list[Obligation]:
    """Leave these without what they lost; an integration that is owed is cancelled by the system, and due again.

    One whose client is here already is not cancelled over their head: it is told of, like all others.
    """
    owing: list[Obligation] = []
    for session in sessions:
        booked = Obligation.objects.filter(integration_session=session, state=Obligation.State.BOOKED)
        if session.status == S.SCHEDULED and booked.exists():
            owing += _end(work, session, reason=GONE, by=SYSTEM)
        else:
            staff, room = work.going.kept(session)
            booking.leave_session(session=session, staff=staff, room=room, by=work.by, at=work.at)
    return owing


def _move(work: _Work, reheld: Iterable[Session]) -> None:
    """Free all that moves, then place each: two sessions may take each other's place.

    :raises AbsenceConflict: naming everything that is taken
    """
    doses = list(reheld)
    for dose in doses:
        integration.free_held_slot(dose=dose, by=work.actor, at=work.at)
    for index, session, ask in work.moves:
        _require_movable(index, session, ask, by=work.by)
        release(session=session, at=work.at)
    changed = [
        session for _, session, ask in work.moves if _moves_in_time(session, ask) and not ask.override_reason
    ]
    conflicts = []
    for index, session, ask in work.moves:
        reason = work.rows[session.pk][1].get("reason", AWAY)
        conflicts += _place(index, session, ask, reason=reason, by=work.actor, at=work.at)
    if conflicts:
        raise AbsenceConflict("Something is taken at that time.", conflicts=conflicts)
    _require_courses(changed, by=work.by, at=work.at)
    _tell_of_late_integrations(work)
    for dose in doses:
        held_slots.hold_slot(dose=dose, program=dose.program, by=work.actor, at=work.at)
    for _, session, _ in work.moves:
        waitlist.note_booking(session=session, by=work.actor, at=work.at)


def _tell_of_late_integrations(work: _Work) -> None:
    """An override may take an integration past its window: somebody is told, as when it is moved by itself (R4)."""
    moved: dict[UUID | None, Session] = {session.pk: session for _, session, _ in work.moves}
    booked = Obligation.objects.filter(integration_session__in=moved, state=Obligation.State.BOOKED)
    for owed in booked.order_by("pk"):
        integration.tell_if_late(
            obligation=owed, session=moved[owed.integration_session_id], by=work.actor, at=work.at
        )


def _require_movable(index: int, session: Session, ask: Ask, *, by: User) -> None:
    """:raises Invalid: for an integration before its window"""
    words = "This integration starts before its window." if by.role_set & BOOKERS else UNFIT
    owed = Obligation.objects.filter(integration_session=session).first()
    if owed is not None and ask.starts_at < owed.window_start:
        raise Invalid.field(f"moves/{index}/starts_at", words, code="before_window")


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
        blind = by is SYSTEM  # who does not book is told which field, and nothing of the session
        errors = [
            FieldError(f"/moves/{index}{e.pointer}", e.code, UNFIT if blind else e.detail) for e in exc.errors
        ]
        raise type(exc)(UNFIT if blind else exc.detail, errors=errors) from exc
    return []


def _require_courses(sessions: Iterable[Session], *, by: User, at: datetime) -> None:
    """:raises CourseConflict: when the new time of a session breaks its course; what breaks is for who books"""
    judged = []
    for session in sessions:
        course = consequences.Course(session.client_id)
        judged.append((session, course, course.effects(session)))
    found = [effect for _, _, effects in judged for effect in effects]
    broken = [effect for effect in found if effect.severity == consequences.BREAKS]
    if not broken:
        return
    if not by.role_set & BOOKERS:
        raise visits.CourseConflict("A move does not fit its course: leave it to who books.", effects=[])
    remedies = Remedies(by, at)
    told = [
        row
        for session, course, effects in judged
        for row in remedies.told(effects, course=course, moved={session.pk: session})
    ]
    words = " ".join(dict.fromkeys(effect.detail for effect in broken))
    raise visits.CourseConflict(f"{words} Send override_reason to move it all the same.", effects=told)
