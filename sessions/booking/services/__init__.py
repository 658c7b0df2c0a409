"""Verbs of the book."""

from sessions.booking.services.bookings import (
    book_session,
    end_booking,
    end_kept_slot,
    keep_slot,
    move_session,
    sweep_kept_slots,
    write_stage,
)

__all__ = [
    "book_session",
    "end_booking",
    "end_kept_slot",
    "keep_slot",
    "move_session",
    "sweep_kept_slots",
    "write_stage",
]
