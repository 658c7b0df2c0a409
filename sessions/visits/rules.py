"""Pure rules of a visit: when a stage may be noted, what may not change once a dose was given on it, what is undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypedDict
from uuid import UUID

from kapclinic.core.errors import FieldError
from kapclinic.practice.models import User
from kapclinic.practice.rules import DIRECTOR
from sessions.booking.models import Session, Stage
from sessions.booking.rules import HERE, SESSION_MOVES, Escort, Place
from sessions.dosing.rules.attestations import Words

GIVEN_ON = ("fasting_since", "weight_kg", "weight_source", "weight_confirmed")  # beside the attestations
SAID = frozenset({"attestations", "weight_lb", "confirm_weight"})  # sent, and no column of the session
KG_PER_LB = Decimal("0.45359237")  # the international pound
HUNDREDTH = Decimal("0.01")


class SessionPatch(TypedDict, total=False):
    """What is noted of a visit beside its moves."""

    escort: Escort | None
    client_location: Place | None
    video_url: str
    fasting_since: datetime | None
    weight_kg: Decimal
    weight_lb: Decimal
    weight_source: str
    confirm_weight: bool
    attestations: Words
    client_confirmed_at: datetime | None


def stage_fits(session: Session, *, stage: str, moment: datetime) -> bool:
    """Is the client in the clinic at that time, so that a stage can be noted?

    Once the visit is complete they can still be checked out, and a late entry may tell of the time before.
    """
    if session.status in HERE:
        return True
    if session.status != Session.Status.COMPLETED or session.completed_at is None:
        return False
    began = session.checked_in_at or session.starts_at
    return stage == Stage.Name.CHECKED_OUT or began <= moment <= session.completed_at


def kilograms(values: SessionPatch) -> Decimal | None:
    """The weight that was sent, in kg with two decimals."""
    if "weight_lb" in values:
        return (values["weight_lb"] * KG_PER_LB).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)
    return values.get("weight_kg")


def weight_errors(values: SessionPatch, *, plausible: tuple[float, float]) -> list[FieldError]:
    """What can't be true of the weight that was sent."""
    low, high = plausible
    weight, sent = kilograms(values), "weight_lb" if "weight_lb" in values else "weight_kg"
    if "weight_kg" in values and "weight_lb" in values:
        return [FieldError("/weight_lb", "both_units", "Give weight_kg or weight_lb, not both.")]
    if weight is not None and not low <= weight <= high:
        return [FieldError(f"/{sent}", "implausible", f"A weight must be from {low} to {high} kg.")]
    if weight is None and "weight_source" in values:
        return [FieldError("/weight_source", "no_weight", "Give weight_kg or weight_lb with it.")]
    return []


# Any: columns of the session by name
def dose_stands_on(session: Session, columns: Mapping[str, Any], *, attested: bool) -> bool:
    """Would this change what the gates of a dose looked at, while that dose stands? Never the escort."""
    if session.outcome != Session.Outcome.DOSED:
        return False
    changed = any(name in GIVEN_ON and value != getattr(session, name) for name, value in columns.items())
    return changed or attested


UNDO_WITHIN = timedelta(hours=24)  # afterwards the medical director alone
MOMENTS: Mapping[str, str] = {
    "check_in": "checked_in_at",
    "start": "started_at",
    "complete": "completed_at",
    "no_show": "cancelled_at",
}
_MADE: Mapping[tuple[str, str], str] = {
    (Session.Status.SCHEDULED, Session.Status.CHECKED_IN): "check_in",
    (Session.Status.CHECKED_IN, Session.Status.IN_PROGRESS): "start",
    (Session.Status.CHECKED_IN, Session.Status.COMPLETED): "complete",
    (Session.Status.IN_PROGRESS, Session.Status.COMPLETED): "complete",
    (Session.Status.SCHEDULED, Session.Status.NO_SHOW): "no_show",
}


@dataclass(frozen=True)
class Made:
    """A move that was made: from which state, by whom, and when it was written down."""

    move: str
    before: str
    by: UUID
    at: datetime


def replayed(rows: Iterable[tuple[str, str, UUID, datetime]]) -> list[Made]:
    """The moves that stand, from every version of a session (status, outcome, who, when), oldest first.

    A state that a session goes back to takes the move back that led away from it.
    """
    made: list[Made] = []
    state = ""
    for status, outcome, by, at in rows:
        if status == state:
            continue
        move = _MADE.get((state, status))
        if move is not None:
            undosed = outcome == Session.Outcome.NOT_DOSED
            made.append(Made("not_dosed" if undosed else move, state, by, at))
        elif made and made[-1].before == status:
            made.pop()
        state = status
    return made


def undoable_by(row: Made, *, by: User, at: datetime) -> bool:
    """Its doer for `UNDO_WITHIN`, while they may still make it; the medical director always."""
    may = bool(by.role_set & SESSION_MOVES[row.move].roles)
    return bool(by.role_set & DIRECTOR) or (may and row.by == by.pk and at <= row.at + UNDO_WITHIN)


def order_errors(
    session: Session,
    *,
    move: str,
    moment: datetime,
    lived: datetime | None = None,
    stayed: datetime | None = None,
) -> list[FieldError]:
    """A client comes, then it begins, then it is over: a corrected time keeps this order.

    `lived`: when the first thing was measured or given that the client must have been there for; `stayed`: when the
    last thing was given, or they were discharged.
    """
    names = ("checked_in_at", "started_at", "completed_at")
    mine = MOMENTS[move]
    if mine not in names:
        return []
    place = names.index(mine)
    before = [*(getattr(session, name) for name in names[:place]), stayed if place == 2 else None]
    after = [*(getattr(session, name) for name in names[place + 1 :]), lived if place < 2 else None]
    if any(one is not None and one > moment for one in before):
        return [FieldError("/at", "too_early", "This would be before the move that came before it.")]
    if any(one is not None and one < moment for one in after):
        return [FieldError("/at", "too_late", "This would be after the move that came after it.")]
    return []
