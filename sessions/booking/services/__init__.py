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

__all__ = [
    "Ask",
    "HoldExpired",
    "OutsideHours",
    "book_session",
    "end_booking",
    "end_hold",
    "keep_slot",
    "move_session",
    "next_number",
    "note_stage",
    "require_override",
    "sweep_holds",
]
