"""Verbs of the book."""

from sessions.booking.services.bookings import (
    book_session,
    end_booking,
    end_kept_slot,
    keep_slot,
    move_session,
    next_number,
    note_stage,
    sweep_kept_slots,
)

__all__ = [
    "book_session",
    "end_booking",
    "end_kept_slot",
    "keep_slot",
    "move_session",
    "next_number",
    "note_stage",
    "sweep_kept_slots",
]
