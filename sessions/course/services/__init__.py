"""Verbs of a course."""

from sessions.course.services.plans import PlanConflict, book_plan
from sessions.course.services.programs import (
    StillOwed,
    advance_cleared,
    complete_program,
    discontinue,
    end_dosing,
    free_all_ended,
    free_future,
    unowed,
    warn_all_not_cleared,
    warn_not_cleared,
)

__all__ = [
    "PlanConflict",
    "StillOwed",
    "advance_cleared",
    "book_plan",
    "complete_program",
    "discontinue",
    "end_dosing",
    "free_all_ended",
    "free_future",
    "unowed",
    "warn_all_not_cleared",
    "warn_not_cleared",
]
