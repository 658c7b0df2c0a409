"""Verbs of moving: a session goes to another time, alone or with others; refused whole, or previewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import ClinicError, FieldError, IllegalTransition, Invalid, Stale, merge
from kapclinic.practice.models import User
from kapclinic.practice.selectors import person_ids
from sessions.booking.models import Session
from sessions.booking.rules import SESSION_MOVES, StaffRow
from sessions.booking.services.allocations import Clash, taken_resources
from sessions.booking.services.bookings import Ask
from sessions.integration.services import held_slots
from sessions.visits.selectors.consequences import WARNS, EffectRow
from sessions.visits.selectors.warnings import WORDS
from sessions.visits.services import freed_slots, moving
from sessions.visits.services.moving import CourseConflict, Going, Judged, NewPlace, ask_of
from sessions.visits.services.visits import check_in, lock_session

__all__ = ["CourseConflict", "check_in_now", "preview", "reschedule", "swap"]


class AlsoMove(TypedDict):
    """Another session of the same client that moves with it; `version`: the one that was read."""

    session: UUID
    starts_at: datetime
    ends_at: datetime
    room: NotRequired[UUID | None]
    staff: NotRequired[Sequence[StaffRow]]
    override_reason: NotRequired[str]
    version: NotRequired[int]


class Move(NewPlace):
    reason: str
    also: NotRequired[Sequence[AlsoMove]]


class Refusal(TypedDict):
    code: str
    detail: str
    conflicts: list[Clash]
    errors: list[dict[str, str]]


class Preview(TypedDict):
    """What a move would bring, and why it would be refused."""

    possible: bool
    refusal: Refusal | None
    effects: list[EffectRow]


@transaction.atomic
def reschedule(
    *,
    session_id: UUID,
    values: Move,
    by: User,
    at: datetime,
    as_read: Callable[[Session], None] | None = None,
) -> Session:
    """Move a session, and all of `also` with it or none; a dose's held integration moves along by itself unless it is
    one of them, an integration stays inside its window. The course is judged as it is after all of them.

    A dose may go to the time of its own held integration, which is let go first. `as_read` refuses the locked session
    when it is no longer what the caller saw.

    :raises IllegalTransition: once one has begun, or is over
    :raises Invalid: when an integration would start before its window, or one of `also` is not this client's
    :raises Stale: when one of `also` is at another version than it names
    :raises CourseConflict: when the course would break, without `override_reason`; then nothing has moved
    """
    goings = _locked(session_id, values, by=by)
    if as_read is not None:
        as_read(goings[0].session)
    owed = {going.session.pk: moving.require_window(going) for going in goings}
    if not goings[0].ask.override_reason:
        Judged(goings).require_whole(by=by, at=at)
    freed = moving.freed_by(goings)
    if len(goings) > 1:
        moving.lock_places(goings)
    elif goings[0].is_dose:
        session, ask = goings[0].session, goings[0].ask
        held_slots.lock_dose(program=session.program, resources=[*taken_resources(session), *ask.resources])
    moving.carry_out(goings, owed=owed, reason=values["reason"], by=by, at=at)
    freed_slots.give_away(freed=freed, by=by, at=at)
    return goings[0].session


def _locked(session_id: UUID, values: Move, *, by: User) -> list[Going]:
    """The session and all of `also`, locked, as they may move.

    :raises Invalid: / Stale: / IllegalTransition: as `reschedule` does for one of `also`
    """
    also = values.get("also", ())
    if not also:
        session = lock_session(session_id)
        return [Going(session, ask_of(session, values))]
    _require_same_client(session_id, also, by=by)
    found = moving.lock_sessions([session_id, *(row["session"] for row in also)])
    goings = _goings(found, session_id, values)
    for row, going in zip(also, goings[1:], strict=True):
        _require_unchanged(row, going)
        try:
            transitions.apply(SESSION_MOVES, "reschedule", instance=going.session, by=by)
        except IllegalTransition as exc:
            raise moving.not_movable(going, exc) from exc
    return goings


def _goings(found: Mapping[UUID, Session], session_id: UUID, values: Move) -> list[Going]:
    main = found[session_id]
    goings = [Going(main, ask_of(main, values))]
    for n, row in enumerate(values.get("also", ())):
        place: NewPlace = {"starts_at": row["starts_at"], "ends_at": row["ends_at"]}
        if "room" in row:
            place["room"] = row["room"]
        if "staff" in row:
            place["staff"] = row["staff"]
        place["override_reason"] = row.get("override_reason", "")
        session = found[row["session"]]
        goings.append(Going(session, ask_of(session, place), f"also/{n}/"))
    return goings


def _require_same_client(session_id: UUID, also: Sequence[AlsoMove], *, by: User) -> None:
    """:raises Invalid: for one that is named twice, that the mover may not see, or that is another client's"""
    ids = [row["session"] for row in also]
    main = Session.objects.get(pk=session_id)
    clients = dict(Session.objects.visible_to(by).filter(pk__in=ids).values_list("pk", "client_id"))
    person = set(person_ids(main.client_id))
    errors = []
    for n, pk in enumerate(ids):
        field = f"/also/{n}/session"
        if pk == session_id or pk in ids[:n]:
            errors.append(FieldError(field, "repeated", "This session is named twice."))
        elif pk not in clients:
            errors.append(FieldError(field, "not_found", "There is no such session for you."))
        elif clients[pk] not in person:
            errors.append(FieldError(field, "other_client", "This is another client's session."))
    merge(errors)


def _require_unchanged(row: AlsoMove, going: Going) -> None:
    """:raises Stale: when it was changed since it was read"""
    version = row.get("version")
    if version is None or version == going.session.version:
        return
    detail = "Somebody changed this session in the meantime: look at it again."
    errors = [FieldError(f"/{going.path}version", Stale.code, detail)]
    raise Stale(detail, errors=errors, session=str(going.session.pk), version=going.session.version)


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


def preview(*, session_id: UUID, values: Move, by: User, at: datetime) -> Preview:
    """What a move would bring, and whether it would be refused: tried out and taken back.

    :raises Invalid: for one of `also` that the mover may not see, or that is another client's
    """
    also = values.get("also", ())
    if also:
        _require_same_client(session_id, also, by=by)
    rows = Session.objects.select_related("program__protocol")
    found = rows.in_bulk([session_id, *(row["session"] for row in also)])
    goings = _goings(found, session_id, values)
    judged = Judged(goings)
    told = judged.told(by=by, at=at)
    problem: ClinicError | None = None
    try:
        with transaction.atomic():
            reschedule(session_id=session_id, values=values, by=by, at=at)
            left = moving.without_slot(goings)
            transaction.set_rollback(True)
    except ClinicError as exc:
        problem = exc
    else:
        told = [_kept_or_lost(row, left) for row in told]
    refused = None if problem is None else refusal_of(problem)
    return {"possible": problem is None, "refusal": refused, "effects": told}


def _kept_or_lost(effect: EffectRow, lost: Set[UUID]) -> EffectRow:
    """An integration for which no slot was found when it was tried does not move along: somebody must see to it."""
    if effect["code"] != "integration_moves" or effect["session"] not in lost:
        return effect
    detail = f"The slot that is held is given up. {WORDS['no_integration_slot']}"
    return {**effect, "code": "no_integration_slot", "severity": WARNS, "detail": detail}


def refusal_of(problem: ClinicError) -> Refusal:
    """A refusal as a preview tells it."""
    return {
        "code": problem.code,
        "detail": problem.detail,
        "conflicts": problem.extra.get("conflicts", []),
        "errors": [error.as_dict() for error in problem.errors],
    }


@transaction.atomic
def swap(*, first_id: UUID, second_id: UUID, reason: str, by: User, at: datetime) -> tuple[Session, Session]:
    """Two sessions exchange their start times, each with its own room, staff and length, in one transaction.

    The integration that is held for a dose moves with it.

    :raises Invalid: for one session given twice, or an integration that would start before its window
    :raises CourseConflict: when a course would break
    :raises ResourceConflict: when one of them does not fit; then nothing has moved
    """
    first, second = _lock_pair(first_id, second_id)
    goings = [Going(first, _swapped(first, second)), Going(second, _swapped(second, first))]
    moving.lock_places(goings)
    for name, going in zip(("first", "second"), goings, strict=True):
        moving.require_window(going, field=name)
    Judged(goings).require_whole(by=by, at=at)
    moving.carry_out(goings, owed={}, reason=reason, by=by, at=at)
    return first, second


def _lock_pair(first_id: UUID, second_id: UUID) -> tuple[Session, Session]:
    """The two, with their programs.

    :raises Invalid: for one session given twice, or a slot that is held for the other
    """
    if first_id == second_id:
        raise Invalid.field("second", "Two different sessions are expected.")
    pair = moving.lock_sessions([first_id, second_id])
    if {session.for_dose_id for session in pair.values()} & {first_id, second_id}:
        raise Invalid.field("second", "A slot held for a dose moves with that dose.", code="moves_with_dose")
    return pair[first_id], pair[second_id]


def _swapped(session: Session, other: Session) -> Ask:
    length = session.ends_at - session.starts_at
    times: NewPlace = {"starts_at": other.starts_at, "ends_at": other.starts_at + length}
    return ask_of(session, times)
