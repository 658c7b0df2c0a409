"""The tasks of exports: ids only, one service call, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from billing.records import services
from billing.records.services import practice_working
from kapclinic.core import clock

A_DAY = 24 * 3600  # seconds: a practice of many years is read in one go


@shared_task(name="billing.work_on_record_export")
def work_on_record_export(*, export_id: str, **_future: Any) -> None:
    """Go on with a copy of a record."""
    services.work_on(export_id=UUID(export_id), at=clock.now())


@shared_task(name="billing.work_on_practice_export", soft_time_limit=A_DAY, time_limit=A_DAY + 60)
def work_on_practice_export(*, export_id: str, **_future: Any) -> None:
    """Make the archive of a practice."""
    practice_working.work_on(export_id=UUID(export_id), at=clock.now())
