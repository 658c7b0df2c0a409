"""Verbs of a course."""

from sessions.course.services.continuing import continue_program
from sessions.course.services.law import sweep_law
from sessions.course.services.maintenance import maintain
from sessions.course.services.plan_previews import preview_plan
from sessions.course.services.plans import book_plan
from sessions.course.services.programs import (
    advance_all_cleared,
    advance_cleared,
    change_program,
    complete_program,
    discontinue,
    end_dosing,
    free_all_ended,
    free_future,
    open_program,
    warn_all_not_cleared,
    warn_not_cleared,
)

__all__ = [
    "advance_all_cleared",
    "advance_cleared",
    "book_plan",
    "change_program",
    "complete_program",
    "continue_program",
    "discontinue",
    "end_dosing",
    "free_all_ended",
    "free_future",
    "maintain",
    "open_program",
    "preview_plan",
    "sweep_law",
    "warn_all_not_cleared",
    "warn_not_cleared",
]
