"""A staff member will be away: what that breaks is shown first; then the time off and every move are kept, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects

from kapclinic.core import scope, transitions
from kapclinic.core.errors import Invalid
from kapclinic.practice import services as practice
from kapclinic.practice.models import TimeOff, User
from kapclinic.practice.rules import ABSENCE_ROLES, BOOKERS
from sessions.absences import selectors
from sessions.absences.selectors.impact import Absence, LostWindow
from sessions.absences.services.moves import AbsenceMove, settle
from sessions.booking.models import Session
from sessions.integration.models import Obligation

DECIDE = "Say for each session whether it moves or is cancelled: absences/preview/ shows the ways out."


class Impact(TypedDict):
    """What an absence would break; `elsewhere` counts the sessions at other locations."""

    sessions: list[tuple[Session, list[selectors.Replacement]]]
    obligations: list[LostWindow]
    elsewhere: int


@dataclass(frozen=True)
class Kept:
    """The time off, the sessions that moved or were cancelled, and the integrations that are due again."""

    time_off: TimeOff
    sessions: list[Session]
    obligations: list[Obligation]


def _person(user_id: UUID, by: User) -> User:
    transitions.require_role(by, ABSENCE_ROLES, what="An absence")
    found: User | None = User.objects.filter(pk=user_id, locations__overlap=list(by.locations)).first()
    if found is None:
        raise Invalid.field("user", "There is no such staff member for you.", code="not_found")
    return found


@transaction.atomic
@scope.crossing()
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
@scope.crossing()
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
@scope.crossing()
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
    time_off = practice.write_time_off(
        user=user, starts_at=starts_at, ends_at=ends_at, reason=reason, by=by, at=at
    )
    absence = Absence(user.pk, starts_at, ends_at, at)
    settled = settle(absence, moves, leave=False, words=DECIDE, by=by, at=at)
    prefetch_related_objects(settled.sessions, "client")
    return Kept(time_off, settled.sessions, settled.obligations)
