"""Receipts over HTTP."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents import services
from billing.documents.api import receipt_bodies
from billing.documents.api.documents import VoidableViewSet
from billing.documents.models import Receipt


class ReceiptViewSet(VoidableViewSet):
    queryset = Receipt.objects.all()
    document = Receipt
    object_type = "receipt"
    output = receipt_bodies.ReceiptOut

    def create(self, request: Request) -> Response:
        made = services.issue_receipt(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
