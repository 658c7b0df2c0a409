"""Tasks of a course: ids only, one service call each, safe to repeat."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from sessions.course import services


@shared_task(name="sessions.advance_cleared")
def advance_cleared(*, program_id: str, **_future: Any) -> None:
    """Let preparation that was done before the clearance count."""
    services.advance_cleared(program_id=UUID(program_id), at=clock.now())


@shared_task(name="sessions.free_discontinued")
def free_discontinued(*, program_id: str, **_future: Any) -> None:
    """Free the future sessions of a course that was ended."""
    services.free_future(program_id=UUID(program_id), by=SYSTEM, at=clock.now())


@shared_task(name="sessions.warn_not_cleared")
def warn_not_cleared(*, program_id: str, **_future: Any) -> None:
    """Put the booked doses of a client whose clearance was voided on the worklist."""
    services.warn_not_cleared(program_id=UUID(program_id), at=clock.now())
