"""Questions about vital signs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from sessions.monitoring import rules
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


def checks_at(*, session_id: UUID, limits: Mapping[str, Any], at: datetime) -> QuerySet[Check]:
    """All checks of a session with `shown`: the state as the clock says it at `at`, swept or not.

    `limits` are those of the session's protocol.
    """
    late, missed = rules.overdue_before(
        at=at, tolerance_min=limits["reading_tolerance_min"], missed_min=limits["missed_after_min"]
    )
    unread = Q(state__in=OPEN_CHECKS, reading__isnull=True, ended_at__isnull=True)
    shown = Case(
        When(unread & Q(planned_at__lt=missed), then=Value(Check.State.MISSED)),
        When(unread & Q(planned_at__lt=late), then=Value(Check.State.LATE)),
        default=F("state"),
        output_field=CharField(),
    )
    found: QuerySet[Check] = Check.objects.filter(session_id=session_id).annotate(shown=shown)
    return found


def open_alarms(*, session_id: UUID) -> QuerySet[Alarm]:
    found: QuerySet[Alarm] = Alarm.objects.filter(session_id=session_id, state=Alarm.State.OPEN)
    return found
