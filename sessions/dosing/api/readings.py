"""Readings of a session, told when its dose was given and when the client left."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet

from kapclinic.core.asking import AtOnce
from sessions.dosing import selectors, services
from sessions.monitoring.api import readings
from sessions.monitoring.api.readings import Told
from sessions.monitoring.models import Reading
from sessions.monitoring.services.alarms import Beside

_told = AtOnce(selectors.for_a_reading)


class ReadingViewSet(readings.ReadingViewSet):
    @classmethod
    def dose_times(cls, session_id: UUID | OuterRef) -> QuerySet[Any, Any]:
        return selectors.standing_doses(session_id=session_id).values("administered_at")

    def locked(self) -> Told:
        self.hold()
        (session,), dosed, left, *beside = _told(session_id=self.session.pk)
        session.program = self.session.program
        return Told(session, next(iter(dosed), None), next(iter(left), None), Beside.of(*beside))

    def heard(self, reading: Reading) -> None:
        services.hear_reading(reading=reading, by=self.user, at=self.at)
