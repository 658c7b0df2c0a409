"""Verbs of the book."""

from sessions.booking.services.again import settle_asked
from sessions.booking.services.bookings import (
    book_session,
    end_booking,
    end_kept_slot,
    hold_again,
    keep_slot,
    move_session,
    sweep_kept_slots,
    write_stage,
)
from sessions.booking.services.days import require_day
from sessions.booking.services.leaving import leave_session, settle_left

__all__ = [
    "book_session",
    "end_booking",
    "end_kept_slot",
    "hold_again",
    "keep_slot",
    "leave_session",
    "move_session",
    "require_day",
    "settle_asked",
    "settle_left",
    "sweep_kept_slots",
    "write_stage",
]
