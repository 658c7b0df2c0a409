"""The task of record exports: ids only, one service call, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from billing.records import services
from kapclinic.core import clock


@shared_task(name="billing.work_on_record_export")
def work_on_record_export(*, export_id: str, **_future: Any) -> None:
    """Go on with a copy of a record."""
    services.work_on(export_id=UUID(export_id), at=clock.now())
