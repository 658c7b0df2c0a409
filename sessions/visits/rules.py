"""Pure rules of a visit: when a stage may be noted, and what may not change any more once a dose was given on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypedDict

from kapclinic.core.errors import FieldError
from sessions.booking.models import Session, Stage
from sessions.booking.rules import HERE, Escort, Place
from sessions.dosing.rules.attestations import Words

GIVEN_ON = ("fasting_since", "weight_kg", "weight_source", "weight_confirmed")  # beside the attestations
SAID = frozenset({"attestations", "weight_lb", "confirm_weight"})  # sent, and no column of the session
KG_PER_LB = Decimal("0.45359237")  # the international pound
HUNDREDTH = Decimal("0.01")


class SessionPatch(TypedDict, total=False):
    """What is noted of a visit beside its moves."""

    escort: Escort | None
    client_location: Place | None
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
