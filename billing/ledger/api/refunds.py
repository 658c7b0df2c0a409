"""Refunds over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import selectors
from billing.ledger.api import refund_bodies
from billing.ledger.api.charges import STATUS
from billing.ledger.api.payments import AS_READ, as_read_of
from billing.ledger.models import Method, Refund, RefundQuerySet
from billing.ledger.services import payments
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class RefundViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Refund.objects.all()
    object_type = "refund"
    created = frozenset({"create", "reverse"})
    client_path = "payment.client_id"
    key_required = frozenset({"create"})
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "reverse"), BILLERS)
    inputs: ClassVar = {"create": refund_bodies.RefundIn, "reverse": EntryReason}
    output = refund_bodies.RefundOut
    filters = (
        Param("payment", "uuid", "payment_id"),
        Param("client", "uuid", of_person("payment__client_id")),
        Param("method", choices=tuple(Method.values)),
        STATUS,
    )
    orderings: ClassVar = {"created_at": "created_at", "amount": "amount"}
    default_order = ("-created_at",)

    def get_queryset(self) -> RefundQuerySet:
        return selectors.refunds().visible_to(self.user)

    @extend_schema(parameters=[AS_READ])
    def create(self, request: Request) -> Response:
        made = payments.refund_payment(
            values=self.body(), by=self.user, at=self.at, as_read=as_read_of(request)
        )
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)

    def reverse(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        made = payments.reverse_refund(refund=self.get_object(), reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
