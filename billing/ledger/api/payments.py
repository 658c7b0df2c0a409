"""Payments over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import selectors
from billing.ledger.api import payment_bodies
from billing.ledger.api.charges import STATUS
from billing.ledger.models import LedgerQuerySet, Method, Payment
from billing.ledger.services import payments
from kapclinic.core.http.etags import require_match
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS, FRONT_DESK
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin

AS_READ = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the payment as it was read: 412 once something was taken of it or given back",
)


def as_read_of(request: Request) -> Callable[[Payment], None] | None:
    """What refuses a payment that has moved on since the caller read it, where they say what they read."""
    return partial(require_match, request) if request.headers.get("If-Match") else None


class PaymentViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Payment.objects.all()
    object_type = "payment"
    created = frozenset({"create", "reverse"})
    client_path = "client_id"
    key_required = frozenset({"create"})
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "allocate", "reverse"), BILLERS)
    leave_roles: ClassVar = {"create": FRONT_DESK}
    inputs: ClassVar = {
        "create": payment_bodies.PaymentIn,
        "allocate": payment_bodies.SharesIn,
        "reverse": EntryReason,
    }
    output = payment_bodies.PaymentOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("location", "uuid", "location_id"),
        Param("method", choices=tuple(Method.values)),
        Param("from_date", "date", "received_on__gte", doc="received on this day and later"),
        Param("to_date", "date", "received_on__lte", doc="received on this day and earlier"),
        Param(
            "unallocated",
            "bool",
            lambda qs, value, user: qs.filter(**{"unallocated__gt" if value else "unallocated": 0}),
        ),
        STATUS,
    )
    orderings: ClassVar = {"received_on": "received_on", "created_at": "created_at", "amount": "amount"}
    default_order = ("-received_on", "-created_at")

    def has_leave(self) -> bool:
        return bool(selectors.payment_places(self.user))

    def get_queryset(self) -> LedgerQuerySet:
        return selectors.payments().visible_to(self.user)

    def _answered(self, row: Payment, *, status: int) -> Response:
        return self.answer(self.get_queryset().get(pk=row.pk), status=status)

    def create(self, request: Request) -> Response:
        made = payments.take_payment(values=self.body(), by=self.user, at=self.at)
        return self._answered(made, status=201)

    @extend_schema(parameters=[AS_READ])
    def allocate(self, request: Request, pk: Any) -> Response:
        shares = self.body()["allocations"]
        changed = payments.allocate_payment(
            payment=self.get_object(), shares=shares, by=self.user, at=self.at, as_read=as_read_of(request)
        )
        return self._answered(changed, status=200)

    @extend_schema(parameters=[AS_READ])
    def reverse(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        made = payments.reverse_payment(
            payment=self.get_object(), reason=reason, by=self.user, at=self.at, as_read=as_read_of(request)
        )
        return self._answered(made, status=201)
