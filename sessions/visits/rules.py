"""Pure rules of a visit: when a stage may be noted, and what may not change any more once a dose was given on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sessions.booking.models import Session, Stage
from sessions.booking.rules import HERE, Escort, Place

GIVEN_ON = ("fasting_since", "weight_kg")  # beside the attestations


class SessionPatch(TypedDict, total=False):
    """What is noted of a visit beside its moves."""

    escort: Escort | None
    client_location: Place | None
    fasting_since: datetime | None
    weight_kg: Decimal
    attestations: Mapping[str, bool]
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


def dose_stands_on(session: Session, values: SessionPatch) -> bool:
    """Would `values` change what the gates of a dose looked at, while that dose stands? Never the escort."""
    if session.outcome != Session.Outcome.DOSED:
        return False
    changed = any(name in GIVEN_ON and value != getattr(session, name) for name, value in values.items())
    return changed or bool(values.get("attestations"))
