"""Readings of a session, told when its dose was given and when the client left."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet

from sessions.dosing import selectors, services
from sessions.dosing.models import Discharge
from sessions.monitoring.api import readings
from sessions.monitoring.models import Reading


class ReadingViewSet(readings.ReadingViewSet):
    @classmethod
    def dose_times(cls, session_id: UUID | OuterRef) -> QuerySet[Any, Any]:
        return selectors.standing_doses(session_id=session_id).values("administered_at")

    def left_at(self) -> datetime | None:
        discharges = Discharge.objects.filter(session_id=self.session.pk)
        return discharges.values_list("discharged_at", flat=True).first()

    def heard(self, reading: Reading) -> None:
        services.hear_reading(reading=reading, by=self.user, at=self.at)
