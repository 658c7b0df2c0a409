"""What is entered afterwards: whether it still rings, or is one row to look through. Pure."""

from __future__ import annotations

from datetime import datetime

from sessions.booking.models import Session
from sessions.booking.rules.days import day_of
from sessions.monitoring.models import Check


def rings_live(session: Session, *, left_at: datetime | None, at: datetime) -> bool:
    """Does what is written down at `at` ring? Not once the client was discharged, nor after the session's own day."""
    return left_at is None and at <= day_of(session)[1]


def asked_afterwards(check: Check) -> bool:
    """Was it asked for only when it was over, because its dose was entered late? Not one that was late before."""
    return check.state == Check.State.DUE and check.updated_at > check.planned_at
