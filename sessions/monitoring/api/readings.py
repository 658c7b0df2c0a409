"""Readings over HTTP. When the first dose was given, and when the client left, is told from above."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import CLINICIANS, DIRECTOR, NURSES
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.booking.models import Session
from sessions.monitoring import selectors, services
from sessions.monitoring.api import reading_bodies
from sessions.monitoring.models import Check, Reading
from sessions.monitoring.services.alarms import Beside


class Told(NamedTuple):
    """What the rooms above know of a session: when its first dose was given, and when the client left."""

    session: Session
    dosed_at: datetime | None
    left_at: datetime | None
    beside: Beside


# No docstrings on the two views: a docstring here is a description in the schema.
class ReadingViewSet(ABC, ListMixin, RetrieveMixin, InSession):
    object_type = "reading"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "create": NURSES, "void": NURSES}
    late_roles: ClassVar = {"create": DIRECTOR}
    inputs: ClassVar = {"create": reading_bodies.ReadingIn, "void": Reason}
    output = reading_bodies.ReadingOut
    default_order = ("measured_at",)
    key_required = frozenset({"create"})
    holding = frozenset({"create"})

    @abstractmethod
    def dose_times(self) -> QuerySet[Any, Any]:
        """When the session's standing doses were given, the first one first."""

    @abstractmethod
    def told(self) -> Told:
        """The session's row, locked, with what a new reading is judged beside: read behind the lock."""

    @abstractmethod
    def heard(self, reading: Reading) -> None:
        """Let whoever stands above hear of a reading, in its transaction."""

    def get_queryset(self) -> QuerySet[Reading]:
        rows = Reading.objects.filter(session=self.session).select_related("void").prefetch_related("checks")
        return rows.annotate(dosed_at=Subquery(self.dose_times()[:1]))

    def represent(self, row: Any, *, many: bool = False) -> Any:
        """In the phase that the first dose puts a reading in now."""
        rows = row if many else [row]
        if rows:
            selectors.as_dosed(rows, session=self.session, dosed_at=rows[0].dosed_at)
        return super().represent(row, many=many)

    def create(self, request: Request, session_id: UUID) -> Response:
        body = self.body()
        told = self.told()
        reading = services.record_reading(
            session=told.session,
            override_reason=body.pop("override_reason"),
            values=body,
            dosed_at=told.dosed_at,
            left_at=told.left_at,
            beside=told.beside,
            by=self.user,
            at=self.at,
        )
        self.heard(reading)
        return self.answer(_as_read(reading, told), status=201)

    def void(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        reading = self.get_object()
        reason = self.body()["reason"]
        services.void_reading(reading=reading, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())


def _as_read(reading: Any, told: Told) -> Any:
    """A reading that was written a moment ago, as it is when it is read back: with its checks, and without a void."""
    reading.dosed_at = told.dosed_at
    reading.bands = dict(sorted(reading.bands.items(), key=lambda band: (len(band[0]), band[0])))  # as jsonb
    type(reading).void.related.set_cached_value(reading, None)
    answered = Check.objects.none()
    answered._result_cache = [row for row in told.beside.checks if row.reading_id == reading.pk]  # noqa: SLF001
    reading._prefetched_objects_cache = {"checks": answered}  # noqa: SLF001
    return reading
