"""The task of the jobs: ids only, one service call, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from billing.jobs import services
from kapclinic.core import clock


@shared_task(name="billing.work_on_job")
def work_on_job(*, job_id: str, **_future: Any) -> None:
    """Go on with a run of superbills or an export."""
    services.work_on(job_id=UUID(job_id), at=clock.now())
