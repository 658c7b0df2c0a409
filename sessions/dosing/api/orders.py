"""Orders over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.dosing import services
from sessions.dosing.api import order_bodies
from sessions.dosing.models import Order


class OrderViewSet(ListMixin, RetrieveMixin, InSession):
    object_type = "order"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": PRESCRIBER,
        "approve_cap": PRESCRIBER,
    }
    inputs: ClassVar = {"create": order_bodies.OrderIn, "approve_cap": Reason}
    output = order_bodies.OrderOut
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Order]:
        related = ("approval", "session__program__protocol")
        return Order.objects.filter(session=self.session).select_related(*related)

    def create(self, request: Request, session_id: UUID) -> Response:
        order = services.write_order(session_id=session_id, values=self.body(), by=self.user, at=self.at)
        return self.answer(order, status=201)

    def approve_cap(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        order = self.get_object()
        services.approve_cap(order_id=order.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())
