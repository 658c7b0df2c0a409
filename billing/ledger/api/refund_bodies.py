"""Bodies of refunds."""

from __future__ import annotations

from rest_framework import serializers

from billing.ledger.api.charge_bodies import CENT, EntryOut
from billing.ledger.models import Method
from kapclinic.core.http.fields import Money
from kapclinic.core.http.words import EntryReason, Words


class RefundIn(EntryReason):
    """Left out, `method` is the payment's; another one takes the medical director's `override_reason`."""

    payment = serializers.UUIDField()
    amount = Money(min_value=CENT)
    method = serializers.ChoiceField(Method.choices, required=False)
    override_reason = Words(min_length=3, max_length=1000, required=False)


class RefundOut(EntryOut):
    payment = serializers.UUIDField(source="payment_id")
    client = serializers.UUIDField(source="payment.client_id")
    amount = Money()
    method = serializers.CharField()
    override_reason = serializers.CharField()
