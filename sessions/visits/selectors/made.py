"""The moves that a session has made and nobody has taken back, from its history."""

from __future__ import annotations

from sessions.booking.models import Session
from sessions.visits.rules import Made, replayed


def moves_made(session: Session) -> list[Made]:
    """In order. What was undone is not among them."""
    rows = Session.history.filter(id=session.pk).order_by("version")
    return replayed(rows.values_list("status", "outcome", "history_user_id", "history_date"))
