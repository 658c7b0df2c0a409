"""The dosing day over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import BOOKERS, CLINICIANS, NURSES, PRESCRIBER
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.dosing import judging, ordering, readiness, selectors, services
from sessions.dosing.api import serializers as s
from sessions.dosing.models import Administration, Discharge, GateOverride, Order
from sessions.drugs.api.witness import Witnessed
from sessions.monitoring import selectors as readings
from sessions.monitoring import services as monitoring
from sessions.monitoring.api import serializers as vitals
from sessions.monitoring.models import Reading


class OrderViewSet(ListMixin, RetrieveMixin, InSession):
    object_type = "order"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": PRESCRIBER,
        "approve_cap": PRESCRIBER,
    }
    inputs: ClassVar = {"create": s.OrderIn, "approve_cap": Reason}
    output = s.OrderOut
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Order]:
        related = ("approval", "session__program__protocol")
        return Order.objects.filter(session=self.session).select_related(*related)

    def create(self, request: Request, session_id: UUID) -> Response:
        order = ordering.write_order(session_id=session_id, values=self.body(), by=self.user, at=self.at)
        return self.answer(order, status=201)

    def approve_cap(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        order = self.get_object()
        ordering.approve_cap(order_id=order.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())


class AdministrationViewSet(Witnessed, ListMixin, RetrieveMixin, InSession):
    object_type = "administration"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": NURSES,
        "finish": NURSES,
    }
    inputs: ClassVar = {"create": s.AdministrationIn, "finish": s.FinishIn}
    output = s.AdministrationOut
    default_order = ("administered_at",)
    key_required = frozenset({"create", "finish"})

    def get_queryset(self) -> QuerySet[Administration]:
        related = ("session__obligation", "finish", "void")
        rows = Administration.objects.filter(session=self.session).select_related(*related)
        first = selectors.standing_doses(session_id=self.session.pk).values("pk")[:1]
        return rows.annotate(first=Subquery(first))

    def witness_location(self, body: Mapping[str, Any]) -> UUID | None:
        return self.session.location_id

    def create(self, request: Request, session_id: UUID) -> Response:
        body = self.body()
        body.pop("witness", None)
        dose = services.record_administration(
            session_id=session_id, values=body, witness=self.witness(), by=self.user, at=self.at
        )
        return self.answer(self.get_queryset().get(pk=dose.pk), status=201)

    def finish(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        dose = self.get_object()
        body = self.body()
        body.pop("witness", None)
        services.finish_administration(
            dose_id=dose.pk, values=body, witness=self.witness(), by=self.user, at=self.at
        )
        return self.answer(self.get_object())


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


class ReadinessViewSet(InSession):
    object_type = "readiness"
    roles: ClassVar = {"retrieve": BOOKERS, "override": CLINICIANS}
    inputs: ClassVar = {"override": s.OverrideIn}
    outputs: ClassVar = {"retrieve": s.ReadinessOut, "override": s.OverrideOut}

    def get_queryset(self) -> QuerySet[GateOverride]:
        return GateOverride.objects.filter(session=self.session)

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        found = readiness.readiness(session_id=session_id, at=self.at)
        clinical = bool(self.user.role_set & CLINICIANS)
        return Response(judging.for_clinicians(found) if clinical else judging.for_front_desk(found))

    def override(self, request: Request, session_id: UUID) -> Response:
        row = services.override_gate(session_id=session_id, **self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)
