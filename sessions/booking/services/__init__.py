"""Verbs of the book."""

from sessions.booking.services.bookings import (
    Ask,
    HoldExpired,
    OutsideHours,
    book_session,
    end_booking,
    end_kept_slot,
    keep_slot,
    move_session,
    next_number,
    note_stage,
    require_override,
    sweep_kept_slots,
)

__all__ = [
    "Ask",
    "HoldExpired",
    "OutsideHours",
    "book_session",
    "end_booking",
    "end_kept_slot",
    "keep_slot",
    "move_session",
    "next_number",
    "note_stage",
    "require_override",
    "sweep_kept_slots",
]
