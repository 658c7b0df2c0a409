"""The task of integration: ids only, one service call, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from kapclinic.core import clock
from sessions.integration.services.obligations import schedule_obligation


@shared_task(name="sessions.schedule_integration")
def schedule_integration(*, obligation_id: str, **_future: Any) -> None:
    """Book the integration that one dose owes."""
    schedule_obligation(obligation_id=UUID(obligation_id), at=clock.now())
