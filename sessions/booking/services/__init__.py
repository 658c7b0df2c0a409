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
    require_override,
    sweep_holds,
    write_stage,
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
    "require_override",
    "sweep_holds",
    "write_stage",
]
