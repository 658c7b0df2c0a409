"""The receipt of a payment over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import selectors as ledger
from billing.ledger.models import LedgerQuerySet, Payment
from billing.statements import services
from billing.statements.api import payment_receipt_bodies
from kapclinic.core import paper
from kapclinic.core.http.fields import shown
from kapclinic.core.http.papers import Printed
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet


class PaymentReceiptViewSet(Printed, ClinicViewSet):
    """What a payment was for: made anew each time, from the books as they are."""

    queryset = Payment.objects.all()
    object_type = "payment"
    client_path = "client_id"
    logged = frozenset({"receipt", "pdf"})
    roles: ClassVar = dict.fromkeys(("receipt", "pdf"), BILLERS)
    output = payment_receipt_bodies.PaymentReceiptOut

    def get_queryset(self) -> LedgerQuerySet:
        return ledger.payments().select_related("location").visible_to(self.user)

    def receipt(self, request: Request, pk: Any) -> Response:
        payment = self.get_object()
        body = services.receipt_of(payment=payment, at=self.at) | {"client_id": payment.client_id}
        return Response(shown(self.output_of("receipt"), body, context=self.get_serializer_context()))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, pk: Any) -> Response:
        payment = self.get_object()
        content = services.print_receipt(payment=payment, at=self.at)
        return self.print_out(content, name=f"payment-{payment.pk}", sha256=paper.fingerprint(content))
