"""Orders over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InNames, InSession
from sessions.booking.selectors.about import Ref
from sessions.dosing import selectors, services
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


def _waits(queryset: QuerySet[Order], value: bool, user: Any) -> QuerySet[Order]:  # noqa: FBT001
    waiting = selectors.orders_that_wait().values("pk")
    return queryset.filter(pk__in=waiting) if value else queryset.exclude(pk__in=waiting)


class ListedOrderViewSet(ListMixin, InNames):
    """Orders of all sessions: `waits=true` are those that a second prescriber has still to approve."""

    object_type = "order"
    client_path = "session.client_id"
    roles: ClassVar = {"list": CLINICIANS}
    output = order_bodies.ListedOrderOut
    filters = (
        Param("waits", "bool", _waits),
        Param("location", "uuid", "session__location_id"),
        Param("program", "uuid", "session__program_id"),
        Param("client", "uuid", of_person("session__client_id")),
    )
    orderings: ClassVar = {"created_at": "created_at", "starts_at": "session__starts_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Order]:
        seen = Order.objects.filter(session__location__in=list(self.user.locations))
        related = ("approval", "session__program__protocol", "session__room", "session__client")
        return seen.select_related(*related)

    def ref(self, row: Order) -> Ref:
        return Ref(row=row.pk, seen=row.session, assigned=row.prescriber_id)
