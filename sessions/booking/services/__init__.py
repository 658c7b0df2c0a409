"""Verbs of the book."""

from sessions.booking.services.bookings import (
    Ask,
    HoldExpired,
    OutsideHours,
    book_session,
    end_booking,
    end_hold,
    keep_slot,
    move_session,
    next_number,
    note_stage,
    require_override,
    sweep_holds,
)
from sessions.booking.services.days import NotToday, require_day

__all__ = [
    "Ask",
    "HoldExpired",
    "NotToday",
    "OutsideHours",
    "book_session",
    "end_booking",
    "end_hold",
    "keep_slot",
    "move_session",
    "next_number",
    "note_stage",
    "require_day",
    "require_override",
    "sweep_holds",
]
