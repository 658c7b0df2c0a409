"""Readings of a session, told when its dose was given and when the client left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet

from kapclinic.core.asking import AtOnce
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.trail.sql import ACTS
from sessions.dosing import selectors, services
from sessions.monitoring.api import readings
from sessions.monitoring.api.readings import Told
from sessions.monitoring.models import Reading
from sessions.monitoring.services.alarms import Beside

_told = AtOnce(selectors.for_a_reading)
_told_with_key = AtOnce(selectors.for_a_reading, when=ACTS)


class ReadingViewSet(readings.ReadingViewSet):
    @classmethod
    def dose_times(cls, session_id: UUID | OuterRef) -> QuerySet[Any, Any]:
        return selectors.standing_doses(session_id=session_id).values("administered_at")

    def behind_locks(self) -> Sequence[Asks]:
        return [_told_with_key.asks(session_id=self.kwargs["session_id"])]

    def locked(self) -> Told:
        self.hold()
        told = _told_with_key if self.has_locked else _told
        (session,), dosed, left, *beside = told(session_id=self.session.pk)
        session.program = self.session.program
        return Told(session, next(iter(dosed), None), next(iter(left), None), Beside.of(*beside))

    def heard(self, reading: Reading) -> None:
        services.hear_reading(reading=reading, by=self.user, at=self.at)
