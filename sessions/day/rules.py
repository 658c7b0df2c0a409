"""Pure rules of the day: when something may be said of where a client is."""

from __future__ import annotations

from datetime import datetime

from sessions.booking.models import Session, Stage

HERE = frozenset({Session.Status.CHECKED_IN, Session.Status.IN_PROGRESS})


def stage_fits(session: Session, *, stage: str, moment: datetime) -> bool:
    """Is the client in the house at that time, so that they can stand somewhere?

    Once the visit is complete they can still be checked out, and a late entry may tell of the time before.
    """
    if session.status in HERE:
        return True
    if session.status != Session.Status.COMPLETED or session.completed_at is None:
        return False
    began = session.checked_in_at or session.starts_at
    return stage == Stage.Name.CHECKED_OUT or began <= moment <= session.completed_at
