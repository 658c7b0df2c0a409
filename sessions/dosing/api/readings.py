"""Readings over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import CLINICIANS, NURSES
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.dosing import selectors
from sessions.dosing.models import Discharge
from sessions.monitoring import selectors as readings
from sessions.monitoring import services as monitoring
from sessions.monitoring.api import serializers as vitals
from sessions.monitoring.models import Reading


class ReadingViewSet(ListMixin, RetrieveMixin, InSession):
    object_type = "reading"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "create": NURSES, "void": NURSES}
    inputs: ClassVar = {"create": vitals.ReadingIn, "void": Reason}
    output = vitals.ReadingOut
    default_order = ("measured_at",)
    key_required = frozenset({"create"})

    def get_queryset(self) -> QuerySet[Reading]:
        rows = Reading.objects.filter(session=self.session).select_related("void").prefetch_related("checks")
        first = selectors.standing_doses(session_id=self.session.pk).values("administered_at")[:1]
        return rows.annotate(dosed_at=Subquery(first))

    def represent(self, row: Any, *, many: bool = False) -> Any:
        """In the phase that the first dose puts a reading in now."""
        rows = row if many else [row]
        if rows:
            readings.as_dosed(rows, session=self.session, dosed_at=rows[0].dosed_at)
        return super().represent(row, many=many)

    def create(self, request: Request, session_id: UUID) -> Response:
        discharges = Discharge.objects.filter(session_id=session_id)
        reading = monitoring.record_reading(
            session=self.lock_session(),
            values=self.body(),
            dosed_at=selectors.first_dosed_at(session_id=session_id),
            left_at=discharges.values_list("discharged_at", flat=True).first(),
            by=self.user,
            at=self.at,
        )
        return self.answer(self.get_queryset().get(pk=reading.pk), status=201)

    def void(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        reading = self.get_object()
        reason = self.body()["reason"]
        monitoring.void_reading(reading=reading, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())
