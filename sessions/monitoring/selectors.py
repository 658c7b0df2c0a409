"""Questions about vital signs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sessions.monitoring.models import Alarm, Check, Reading
from sessions.monitoring.rules import OPEN_CHECKS


def standing_readings(*, session_id: UUID) -> QuerySet[Reading]:
    """Readings that were not voided, oldest first."""
    found: QuerySet[Reading] = Reading.objects.filter(session_id=session_id, void__isnull=True)
    return found.order_by("measured_at", "pk")


def last_before_dose(*, session_id: UUID, before: datetime) -> Reading | None:
    """The latest standing pre-dose reading up to `before`."""
    found = standing_readings(session_id=session_id).filter(
        phase=Reading.Phase.PRE_DOSE, measured_at__lte=before
    )
    return found.last()


def last_after(*, session_id: UUID, after: datetime) -> Reading | None:
    """The latest standing reading that was taken after `after`."""
    return standing_readings(session_id=session_id).filter(measured_at__gt=after).last()


def vitals_of(reading: Reading) -> dict[str, Any]:
    """A reading as the rules take it."""
    signs = ("systolic", "diastolic", "heart_rate", "spo2", "respiratory_rate", "sedation")
    return {sign: getattr(reading, sign) for sign in signs}


def asked_checks(*, session_id: UUID) -> QuerySet[Check]:
    """Checks that are asked for or were answered, in order; not those that a discharge or a void ended."""
    found: QuerySet[Check] = Check.objects.filter(session_id=session_id, ended_at__isnull=True)
    return found.order_by("planned_at")


def open_checks(*, session_id: UUID) -> QuerySet[Check]:
    """Checks without a reading that are still asked for."""
    return asked_checks(session_id=session_id).filter(state__in=OPEN_CHECKS, reading__isnull=True)


def open_alarms(*, session_id: UUID) -> QuerySet[Alarm]:
    found: QuerySet[Alarm] = Alarm.objects.filter(session_id=session_id, state=Alarm.State.OPEN)
    return found
