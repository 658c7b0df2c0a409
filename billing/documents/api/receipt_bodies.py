"""Bodies of receipts."""

from __future__ import annotations

from rest_framework import serializers

from billing.documents.api.document_bodies import LineOut, VoidableOut


class ReceiptLineOut(LineOut):
    description = serializers.CharField()
    provider = serializers.CharField()


class ReceiptOut(VoidableOut):
    lines = ReceiptLineOut(many=True, source="content.lines")
