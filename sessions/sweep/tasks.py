"""Tasks of the sweep: safe to repeat, each step one of its own."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings

from kapclinic.core import clock
from sessions.sweep import steps

SAFETY = "safety"  # the queue that nothing slow stands in
GRACE_SECONDS = 30  # between being told that the time is up, and being killed


@shared_task(name="sessions.send_messages")
def send_messages(**_future: Any) -> None:
    """Send what waits in the outbox."""
    steps.send_messages(at=clock.now())


@shared_task(name="sessions.sweep")
def sweep(**_future: Any) -> None:
    """Hand out a message for every step: what somebody's safety hangs on goes into a queue of its own."""
    for name, step in steps.all_steps().items():
        run_step.apply_async(
            kwargs={"step_id": name},
            queue=SAFETY if step.safety else settings.CELERY_TASK_DEFAULT_QUEUE,
            expires=settings.SWEEP_SECONDS * 2,
            soft_time_limit=step.limit_seconds,
            time_limit=step.limit_seconds + GRACE_SECONDS,
            ignore_result=True,
        )


@shared_task(name="sessions.run_step")
def run_step(*, step_id: str, **_future: Any) -> None:
    """One step of the sweep, unless it ran just now or somebody is at it."""
    steps.run_step(step_id, at=clock.now())
