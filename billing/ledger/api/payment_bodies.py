"""Bodies of payments."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.ledger.api.charge_bodies import CENT, EntryOut
from billing.ledger.models import Method
from kapclinic.core.http.fields import Input, Money, Output, Text
from kapclinic.practice.rules import BILLERS


class ShareIn(Input):
    charge = serializers.UUIDField()
    amount = Money(min_value=CENT)


class SharesIn(Input):
    allocations = serializers.ListField(child=ShareIn(), min_length=1, max_length=200)


class PaymentIn(Input):
    client = serializers.UUIDField()
    amount = Money(min_value=CENT)
    method = serializers.ChoiceField(Method.choices)
    received_on = serializers.DateField()
    reference = Text(max_length=80, required=False, allow_blank=True)
    allocations = serializers.ListField(child=ShareIn(), max_length=200, required=False)
    location = serializers.UUIDField(required=False)


class ShareOut(Output):
    charge = serializers.UUIDField()
    amount = serializers.CharField()


class PaymentOut(EntryOut):
    """`version`, the payment's ETag, rises with each share and refund, and with what takes them or it back."""

    version = serializers.IntegerField()
    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="client.legal_name")
    location = serializers.UUIDField(source="location_id")
    amount = Money()
    method = serializers.CharField()
    received_on = serializers.DateField()
    reference = serializers.CharField()
    allocated = Money()
    refunded = Money()
    unallocated = Money()
    allocations = ShareOut(many=True, source="shares")

    def get_allowed_moves(self, row: Any) -> list[str]:
        """None for the front desk: it enters a payment, and billing does the rest."""
        user = getattr(self.context.get("request"), "user", None)
        return super().get_allowed_moves(row) if user is None or user.role_set & BILLERS else []
