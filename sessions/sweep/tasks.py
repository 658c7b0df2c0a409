"""Tasks of the sweep: safe to repeat, each step one of its own."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.conf import settings

from kapclinic.core import clock
from sessions.sweep import steps

logger = logging.getLogger(__name__)
SAFETY = "safety"  # the queue that nothing slow stands in
GRACE_SECONDS = 30  # between being told that the time is up, and being killed


@shared_task(name="sessions.send_messages")
def send_messages(**_future: Any) -> None:
    """Send what waits in the outbox."""
    steps.send_messages(at=clock.now())


@shared_task(name="sessions.sweep")
def sweep(**_future: Any) -> None:
    """Hand out a message for every safety step, into a queue of their own, and one for all the others."""
    expires = settings.SWEEP_SECONDS * 2
    for name, step in steps.all_steps().items():
        if step.safety:
            limit = step.limit_seconds
            limits = {"soft_time_limit": limit, "time_limit": limit + GRACE_SECONDS}
            run_step.apply_async(kwargs={"step_id": name}, queue=SAFETY, expires=expires, **limits)
    run_others.apply_async(queue=settings.CELERY_TASK_DEFAULT_QUEUE, expires=expires)


@shared_task(name="sessions.run_step")
def run_step(*, step_id: str, **_future: Any) -> None:
    """One step of the sweep, unless it ran just now or somebody is at it."""
    steps.run_step(step_id, at=clock.now())


@shared_task(name="sessions.run_others")
def run_others(**_future: Any) -> None:
    """Every step that is none of safety, one after the other; one that fails, or runs out of time, ends alone."""
    for name, step in steps.all_steps().items():
        if not step.safety:
            try:
                steps.run_step(name, at=clock.now())
            except Exception as exc:
                logger.exception("sweep step %s failed: %s", name, type(exc).__name__)
