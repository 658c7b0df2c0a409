"""The task of imports: ids only, one service call, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from kapclinic.core import clock
from sessions.imports import services


@shared_task(name="sessions.work_on_import")
def work_on_import(*, import_id: str, **_future: Any) -> None:
    """Bring an import in, or take it back."""
    services.work_on(import_id=UUID(import_id), at=clock.now())
