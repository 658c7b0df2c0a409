"""Gathers the rooms' tasks for Celery."""

from sessions.course.tasks import advance_cleared, free_discontinued, warn_not_cleared
from sessions.imports.tasks import work_on_import
from sessions.integration.tasks import schedule_integration
from sessions.sweep.tasks import run_step, send_messages, sweep

__all__ = [
    "advance_cleared",
    "free_discontinued",
    "run_step",
    "schedule_integration",
    "send_messages",
    "sweep",
    "warn_not_cleared",
    "work_on_import",
]
