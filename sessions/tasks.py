"""Gathers the rooms' tasks for Celery."""

from sessions.course.tasks import advance_cleared, free_discontinued, warn_not_cleared
from sessions.integration.tasks import schedule_integration
from sessions.sweep.tasks import send_messages, sweep

__all__ = [
    "advance_cleared",
    "free_discontinued",
    "schedule_integration",
    "send_messages",
    "sweep",
    "warn_not_cleared",
]
