"""Verbs of the book."""

from sessions.booking.services.again import settle_asked
from sessions.booking.services.bookings import (
    book_session,
    end_booking,
    end_kept_slot,
    keep_slot,
    move_session,
    sweep_kept_slots,
    write_stage,
)
from sessions.booking.services.days import require_day

__all__ = [
    "book_session",
    "end_booking",
    "end_kept_slot",
    "keep_slot",
    "move_session",
    "require_day",
    "settle_asked",
    "sweep_kept_slots",
    "write_stage",
]
