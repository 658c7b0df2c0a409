"""Verbs of moving: a session goes to another time, or two sessions swap; refused whole, or previewed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core.errors import ClinicError, Conflict, Invalid
from kapclinic.core.wording import once
from kapclinic.practice.models import SessionKind, User
from programs import services as programs
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import StaffRow
from sessions.booking.services.allocations import Clash, lock_resources, release, taken_resources
from sessions.booking.services.bookings import Ask
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits.selectors.consequences import BREAKS, EffectRow, effects
from sessions.visits.services import freed_slots
from sessions.visits.services.visits import check_in, lock_session
from sessions.waitlist import services as waitlist


class NewPlace(TypedDict):
    """Where a session goes; what is not named stays."""

    starts_at: datetime
    ends_at: datetime
    modality: NotRequired[str]
    room: NotRequired[UUID | None]
    staff: NotRequired[Sequence[StaffRow]]
    override_reason: NotRequired[str]
    override: NotRequired[Sequence[str]]


class Move(NewPlace):
    reason: str


class Refusal(TypedDict):
    code: str
    detail: str
    conflicts: list[Clash]


class Preview(TypedDict):
    """What a move would bring, and why it would be refused."""

    possible: bool
    refusal: Refusal | None
    effects: list[EffectRow]


class CourseConflict(Conflict):
    """The move would break the course; `effects` says what. An override reason lets it pass."""

    code, title = "course_conflict", "The course would break"


@transaction.atomic
def reschedule(*, session_id: UUID, values: Move, by: User, at: datetime) -> Session:
    """Move a session; a dose's held integration moves with it, an integration stays inside its window.

    A dose may go to the time of its own held integration, which is let go first.

    :raises IllegalTransition: once it has begun
    :raises Invalid: when an integration would start before its window
    :raises CourseConflict: when the course would break, without `override_reason`; then nothing has moved
    """
    session = lock_session(session_id)
    ask = _ask(session, values)
    obligation = _require_window(session, ask, field="starts_at")
    _require_course(session, ask)
    freed = freed_slots.freed_by(session)
    session.modality = ask.modality
    if session.kind == SessionKind.DOSING:
        held = taken_resources(session)
        held_slots.lock_dose(program=session.program, resources=[*held, *ask.resources])
        integration.free_held_slot(dose=session, by=by, at=at)  # first: its own held slot is never in the way
    booking.move_session(
        session=session, program=session.program, ask=ask, reason=values["reason"], by=by, at=at
    )
    if obligation is not None and obligation.state == Obligation.State.BOOKED:
        integration.tell_if_late(obligation=obligation, session=session, by=by, at=at)
    if session.kind == SessionKind.DOSING:
        held_slots.hold_slot(dose=session, program=session.program, by=by, at=at)
    waitlist.note_booking(session=session, by=by, at=at)
    freed_slots.give_away(freed=freed, by=by, at=at)
    return session


@transaction.atomic
def check_in_now(
    *, session_id: UUID, by: User, moment: datetime, at: datetime, override_reason: str = ""
) -> Session:
    """The client of another day's session is here: it is moved to `moment`, as `reschedule` moves, and checked in.

    :raises ResourceConflict: / CourseConflict: / Invalid: as in `reschedule`; then nothing has moved
    """
    found = Session.objects.get(pk=session_id)
    starts_at = moment.replace(second=0, microsecond=0)
    values: Move = {
        "starts_at": starts_at,
        "ends_at": starts_at + (found.ends_at - found.starts_at),
        "reason": "The client was here.",
        "override_reason": override_reason,
    }
    reschedule(session_id=session_id, values=values, by=by, at=at)
    return check_in(session_id=session_id, moment=moment, override_reason=override_reason, by=by, at=at)


def _require_window(session: Session, ask: Ask, *, field: str) -> Obligation | None:
    """The obligation, locked, that `session` is to settle.

    :raises Invalid: when the session would start before its window
    """
    locked = Obligation.objects.select_for_update()
    obligation: Obligation | None = locked.filter(integration_session=session).first()
    if obligation is not None and ask.starts_at < obligation.window_start:
        raise Invalid.field(field, "This integration starts before its window.", code="before_window")
    return obligation


def _ask(session: Session, values: NewPlace) -> Ask:
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


def _require_course(session: Session, ask: Ask) -> None:
    found = effects(session=session, starts_at=ask.starts_at, ends_at=ask.ends_at)
    broken = [effect for effect in found if effect.severity == BREAKS]
    if broken and not ask.override_reason:
        words = once(effect.detail for effect in broken)
        raise CourseConflict(
            f"{words} Send override_reason to move it all the same.", effects=[e.as_dict() for e in found]
        )


def preview(*, session_id: UUID, values: Move, by: User, at: datetime) -> Preview:
    """What a move would bring, and whether it would be refused: tried out and taken back."""
    session = Session.objects.select_related("program__protocol").get(pk=session_id)
    found = effects(session=session, starts_at=values["starts_at"], ends_at=values["ends_at"])
    problem: ClinicError | None = None
    try:
        with transaction.atomic():
            reschedule(session_id=session_id, values=values, by=by, at=at)
            transaction.set_rollback(True)
    except ClinicError as exc:
        problem = exc
    refused: Refusal | None = None
    if problem is not None:
        refused = {
            "code": problem.code,
            "detail": problem.detail,
            "conflicts": problem.extra.get("conflicts", []),
        }
    return {
        "possible": problem is None,
        "refusal": refused,
        "effects": [effect.as_dict() for effect in found],
    }


@transaction.atomic
def swap(*, first_id: UUID, second_id: UUID, reason: str, by: User, at: datetime) -> tuple[Session, Session]:
    """Two sessions exchange their start times, each with its own room, staff and length, in one transaction.

    The integration that is held for a dose moves with it.

    :raises Invalid: for one session given twice, or an integration that would start before its window
    :raises CourseConflict: when a course would break
    :raises ResourceConflict: when one of them does not fit; then nothing has moved
    """
    pair = _lock_pair(first_id, second_id)
    first, second = pair.values()
    asks = {s.pk: _swapped(s, other) for s, other in ((first, second), (second, first))}
    for name, session in pair.items():
        _require_window(session, asks[session.pk], field=name)
        _require_course(session, asks[session.pk])
        release(session=session, at=at)
    doses = [session for session in pair.values() if session.kind == SessionKind.DOSING]
    for dose in doses:
        integration.free_held_slot(dose=dose, by=by, at=at)
    for session in pair.values():
        booking.move_session(
            session=session, program=session.program, ask=asks[session.pk], reason=reason, by=by, at=at
        )
    for dose in doses:
        held_slots.hold_slot(dose=dose, program=dose.program, by=by, at=at)
    for session in pair.values():
        waitlist.note_booking(session=session, by=by, at=at)
    return first, second


def _lock_pair(first_id: UUID, second_id: UUID) -> dict[str, Session]:
    """The two, with their programs and all that they and the integrations held for them may take.

    :raises Invalid: for one session given twice, or a slot that is held for the other
    """
    if first_id == second_id:
        raise Invalid.field("second", "Two different sessions are expected.")
    owners = Session.objects.filter(pk__in=[first_id, second_id]).values_list("program_id", flat=True)
    for program_id in sorted(set(owners)):
        programs.lock_program(program_id)
    pair = {"first": lock_session(first_id), "second": lock_session(second_id)}
    if {session.for_dose_id for session in pair.values()} & {first_id, second_id}:
        raise Invalid.field("second", "A slot held for a dose moves with that dose.", code="moves_with_dose")
    resources: list[UUID] = []
    for session in pair.values():
        resources += taken_resources(session)
        if session.kind == SessionKind.DOSING:
            resources += held_slots.held_slot_resources(session.program)
    lock_resources(resources)
    return pair


def _swapped(session: Session, other: Session) -> Ask:
    length = session.ends_at - session.starts_at
    times: NewPlace = {"starts_at": other.starts_at, "ends_at": other.starts_at + length}
    return _ask(session, times)
