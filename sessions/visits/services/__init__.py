"""Verbs of a visit."""

from sessions.visits.services.bookings import asks_behind, book, keep, keep_longer, locks_alone
from sessions.visits.services.endings import end, end_undosed, void_administration, waive
from sessions.visits.services.freed_slots import freed_by, give_away
from sessions.visits.services.left_open import sweep_left_open
from sessions.visits.services.lists import book_list
from sessions.visits.services.moves import CourseConflict, check_in_now, preview, reschedule, swap
from sessions.visits.services.undoing import correct_time, undo
from sessions.visits.services.visits import (
    change,
    check_in,
    complete,
    confirm,
    lock_session,
    note_stage,
    start,
)

__all__ = [
    "CourseConflict",
    "asks_behind",
    "book",
    "book_list",
    "change",
    "check_in",
    "check_in_now",
    "complete",
    "confirm",
    "correct_time",
    "end",
    "end_undosed",
    "freed_by",
    "give_away",
    "keep",
    "keep_longer",
    "lock_session",
    "locks_alone",
    "note_stage",
    "preview",
    "reschedule",
    "start",
    "swap",
    "sweep_left_open",
    "undo",
    "void_administration",
    "waive",
]
