"""Tasks of the sweep: safe to repeat."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from kapclinic.core import clock
from sessions.sweep import steps


@shared_task(name="sessions.send_messages")
def send_messages(**_future: Any) -> None:
    """Send what waits in the outbox."""
    steps.send_messages(at=clock.now())


@shared_task(name="sessions.sweep")
def sweep(**_future: Any) -> None:
    """All the periodic work, from the rows alone."""
    steps.sweep(at=clock.now())
