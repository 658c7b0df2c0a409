"""Gathers the rooms' tasks for Celery."""

from sessions.day.tasks import (
    advance_cleared,
    free_discontinued,
    schedule_integration,
    send_messages,
    sweep,
    warn_not_cleared,
)

__all__ = [
    "advance_cleared",
    "free_discontinued",
    "schedule_integration",
    "send_messages",
    "sweep",
    "warn_not_cleared",
]
