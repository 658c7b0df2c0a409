"""The task of imports: ids only, one service call, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from kapclinic.core import clock
from sessions.imports import services


# Ten thousand rows are one transaction: longer than the tasks of a clinic day may take.
@shared_task(name="sessions.work_on_import", soft_time_limit=1800, time_limit=1900)
def work_on_import(*, import_id: str, **_future: Any) -> None:
    """Bring an import in, or take it back."""
    services.work_on(import_id=UUID(import_id), at=clock.now())
