"""Bodies of adjustments."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.ledger.api.charge_bodies import EntryOut
from billing.ledger.models import AdjustmentReason
from kapclinic.core.http.fields import Input, Money
from kapclinic.core.http.words import Words


class AdjustmentIn(Input):
    """`amount` is signed: below zero takes off. All reasons but `package_reprice` and `correction` only take off.

    One that puts on so much that the client's estimate is exceeded only the medical director makes, with a `note`.
    """

    charge = serializers.UUIDField()
    amount = Money()
    reason = serializers.ChoiceField(AdjustmentReason.choices)
    note = Words(max_length=1000, required=False, allow_blank=True)

    def validate_amount(self, value: Any) -> Any:
        if value == 0:
            raise serializers.ValidationError("An amount other than zero is expected.", code="zero")
        return value


class AdjustmentOut(EntryOut):
    """`percent` and `agreement` tell what a fee agreement left due, as it was when the charge was posted."""

    charge = serializers.UUIDField(source="charge_id")
    client = serializers.UUIDField(source="charge.client_id")
    client_name = serializers.CharField(source="charge.client.legal_name")
    amount = Money()
    note = serializers.CharField()
    agreement = serializers.UUIDField(source="agreement_id", allow_null=True)
    percent = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
