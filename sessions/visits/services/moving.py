"""What every move is made of: lock all that moves, judge the courses as they would be after it, and carry it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NotRequired, TypedDict
from uuid import UUID

from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid
from kapclinic.core.wording import once
from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.selectors import person_ids
from programs import services as programs
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import StaffRow
from sessions.booking.services.allocations import (
    ResourceConflict,
    lock_resources,
    release,
    taken_resources,
)
from sessions.booking.services.bookings import Ask
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits.selectors.consequences import BREAKS, Course, Effect, EffectRow, Spot
from sessions.visits.selectors.remedies import Remedies
from sessions.visits.services import freed_slots
from sessions.waitlist import services as waitlist
from sessions.waitlist.rules import Freed


class NewPlace(TypedDict):
    """Where a session goes; what is not named stays."""

    starts_at: datetime
    ends_at: datetime
    modality: NotRequired[str]
    room: NotRequired[UUID | None]
    staff: NotRequired[Sequence[StaffRow]]
    override_reason: NotRequired[str]
    override: NotRequired[Sequence[str]]


class CourseConflict(Conflict):
    """The move would break the course; `effects` says what. An override reason lets it pass."""

    code, title = "course_conflict", "The course would break"


@dataclass(frozen=True)
class Going:
    """A session that moves, where it goes, and where the request says so (`also/0/`; "" for its own session)."""

    session: Session
    ask: Ask
    path: str = ""

    @property
    def spot(self) -> Spot:
        return Spot(self.ask.starts_at, self.ask.ends_at, self.ask.room)

    @property
    def is_dose(self) -> bool:
        return self.session.kind == SessionKind.DOSING


def ask_of(session: Session, values: NewPlace) -> Ask:
    """What a move asks for; what it does not name stays."""
    return Ask(
        kind=session.kind,
        modality=values.get("modality", session.modality),
        starts_at=values["starts_at"],
        ends_at=values["ends_at"],
        room=values.get("room", session.room_id),
        staff=values.get("staff", session.staff),
        override_reason=values.get("override_reason", ""),
        override=values.get("override", ()),
    )


def lock_sessions(ids: Iterable[UUID]) -> dict[UUID, Session]:
    """Several sessions with their programs: first the programs, then the sessions, each in one order."""
    wanted = sorted(set(ids))
    owners = Session.objects.filter(pk__in=wanted).values_list("program_id", flat=True)
    for program_id in sorted(set(owners)):
        programs.lock_program(program_id)
    found = Session.objects.select_for_update(of=("self",)).select_related(
        "program__protocol", "location", "room"
    )
    return {session.pk: session for session in found.filter(pk__in=wanted).order_by("pk")}


def lock_places(goings: Sequence[Going]) -> None:
    """All that these hold, will hold, and that slots held for their doses may take, in the order of every booking."""
    resources: list[UUID] = []
    for going in goings:
        session = going.session
        resources += [*person_ids(session.client_id), *taken_resources(session), *going.ask.resources]
        if going.is_dose:
            resources += held_slots.held_slot_resources(session.program)
    lock_resources(resources)


# --- what it brings -------------------------------------------------------------------------------------------------


class Judged:
    """What sessions that move together bring, once all of them are there."""

    def __init__(self, goings: Sequence[Going]) -> None:
        self.goings = goings
        self.spots = {going.session.pk: going.spot for going in goings}
        self.courses: dict[UUID, Course] = {}

    def _course(self, client: UUID) -> Course:
        if client not in self.courses:
            self.courses[client] = Course(client).moved(self.spots)
        return self.courses[client]

    @cached_property
    def effects(self) -> list[Effect]:
        """Each once, also where two of them bring it to each other."""
        found: dict[object, Effect] = {}
        for going in self.goings:
            for effect in self._course(going.session.client_id).effects(going.session):
                pair = frozenset({effect.of, effect.session}) if effect.session else effect.detail
                found.setdefault((effect.code, pair), effect)
        return list(found.values())

    def told(self, *, by: User, at: datetime) -> list[EffectRow]:
        """The effects as they are answered, each that breaks with its remedy."""
        remedies, brought = Remedies(by, at), self.effects
        rows: list[EffectRow] = []
        for client, course in self.courses.items():
            moved = {g.session.pk: g.session for g in self.goings if g.session.client_id == client}
            found = [effect for effect in brought if effect.of in moved]
            rows += remedies.told(found, course=course, moved=moved)
        return rows

    def require_whole(self, *, by: User, at: datetime) -> None:
        """:raises CourseConflict: when a course would break"""
        broken = [effect for effect in self.effects if effect.severity == BREAKS]
        if broken:
            words = once(effect.detail for effect in broken)
            raise CourseConflict(
                f"{words} Send override_reason to move it all the same.", effects=self.told(by=by, at=at)
            )


def require_window(going: Going, *, field: str = "starts_at") -> Obligation | None:
    """The obligation, locked, that the session is to settle.

    :raises Invalid: when the session would start before its window
    """
    locked = Obligation.objects.select_for_update()
    obligation: Obligation | None = locked.filter(integration_session=going.session).first()
    if obligation is not None and going.ask.starts_at < obligation.window_start:
        raise Invalid.field(
            f"{going.path}{field}", "This integration starts before its window.", code="before_window"
        )
    return obligation


# --- carrying it out ------------------------------------------------------------------------------------------------


def carry_out(
    goings: Sequence[Going],
    *,
    owed: Mapping[UUID, Obligation | None],
    reason: str,
    by: User,
    at: datetime,
) -> None:
    """Move them all: first what they hold is let go, so that they may take each other's places. `owed`: by session.

    A dose's held slot is let go and held anew, unless it is one of those that move.

    :raises IllegalTransition: / Invalid / OutsideHours / ResourceConflict: as `booking.services.move_session`
    """
    named = {going.session.for_dose_id for going in goings if going.session.status == Session.Status.HELD}
    doses = [going.session for going in goings if going.is_dose and going.session.pk not in named]
    for dose in doses:
        integration.free_held_slot(dose=dose, by=by, at=at)  # first: its own held slot is never in the way
    if len(goings) > 1:
        for going in goings:
            release(session=going.session, at=at)
    for going in goings:
        _place(going, reason=reason, by=by, at=at)
        obligation = owed.get(going.session.pk)
        if obligation is not None and obligation.state == Obligation.State.BOOKED:
            integration.tell_if_late(obligation=obligation, session=going.session, by=by, at=at)
    for dose in doses:
        held_slots.hold_slot(dose=dose, program=dose.program, by=by, at=at)
    for going in goings:
        waitlist.note_booking(session=going.session, by=by, at=at)


def freed_by(goings: Sequence[Going]) -> list[Freed]:
    """What they leave behind. Asked before they move."""
    return list(dict.fromkeys(one for going in goings for one in freed_slots.freed_by(going.session)))


def without_slot(goings: Iterable[Going]) -> set[UUID]:
    """Of doses that have moved: the slots that were held for them, where none is held now."""
    doses = [going.session.pk for going in goings if going.is_dose]
    if not doses:
        return set()
    slots = Session.objects.filter(for_dose__in=doses).values_list("pk", "for_dose", "status")
    held = {dose for _, dose, status in slots if status == Session.Status.HELD}
    return {pk for pk, dose, _ in slots if dose not in held}


def _place(going: Going, *, reason: str, by: User, at: datetime) -> None:
    """Move one; what refuses another than the request's own session says which."""
    session, pk = going.session, str(going.session.pk)
    session.modality = going.ask.modality
    try:
        booking.move_session(
            session=session, program=session.program, ask=going.ask, reason=reason, by=by, at=at
        )
    except ResourceConflict as exc:
        if not going.path:
            raise
        conflicts = [row | {"moving": pk} for row in exc.extra["conflicts"]]
        errors = [FieldError(f"/{going.path.rstrip('/')}", exc.code, exc.detail)]
        raise ResourceConflict(exc.detail, errors=errors, **{**exc.extra, "conflicts": conflicts}) from exc
    except IllegalTransition as exc:
        if not going.path:
            raise
        raise not_movable(going, exc) from exc
    except Invalid as exc:
        if not going.path:
            raise
        errors = [FieldError(f"/{going.path.rstrip('/')}{e.pointer}", e.code, e.detail) for e in exc.errors]
        raise type(exc)(exc.detail, errors=errors) from exc


def not_movable(going: Going, exc: IllegalTransition) -> IllegalTransition:
    """The same refusal, naming the session that it is about."""
    errors = [FieldError(f"/{going.path}session", exc.code, exc.detail)]
    return IllegalTransition(exc.detail, errors=errors, **{**exc.extra, "session": str(going.session.pk)})
