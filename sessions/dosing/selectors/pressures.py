"""The client's pressures at rest: what was measured before a dose, or where there was none."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, Q, Subquery

from kapclinic.practice.selectors import person
from screening.rules.suspensions import Resting
from sessions.dosing.models import Administration
from sessions.monitoring.models import Reading


def resting_pressures(*, client_id: UUID, since: datetime) -> list[Resting]:
    """Standing readings of the client's sessions, of every program, up to the first dose of their session.

    A dose counts from when it was given, also where it was written down after the reading. A reading whose pressure
    could not be had says nothing of it.
    """
    doses = Administration.objects.standing().filter(session=OuterRef("session")).order_by("administered_at")
    rows = Reading.objects.filter(
        session__client__in=person(client_id), void__isnull=True, measured_at__gte=since
    )
    before = rows.annotate(dosed_at=Subquery(doses.values("administered_at")[:1])).filter(
        Q(dosed_at__isnull=True) | Q(measured_at__lte=F("dosed_at"))
    )
    return [
        Resting(
            systolic=row.systolic,
            diastolic=row.diastolic,
            measured_at=row.measured_at,
            subject_type="reading",
            subject_id=row.pk,
        )
        for row in before.order_by("measured_at", "pk")
        if row.systolic is not None and row.diastolic is not None
    ]
