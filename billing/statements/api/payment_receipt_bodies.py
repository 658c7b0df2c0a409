"""Bodies of the receipt of a payment."""

from __future__ import annotations

from rest_framework import serializers

from billing.documents.api.document_bodies import BillingProviderOut
from kapclinic.core.http.fields import Output


class PaidLineOut(Output):
    charge = serializers.UUIDField()
    date_of_service = serializers.DateField()
    description = serializers.CharField()
    amount = serializers.CharField()


class PaymentReceiptOut(Output):
    """`lines` are services that stand. Money of one that waits for the medical director or that the record took back
    is in `unallocated`, which pays nothing yet; `notice` then says that it is no receipt for medical care.
    """

    payment = serializers.UUIDField()
    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="client.name")
    issued_on = serializers.DateField()
    billing_provider = BillingProviderOut()
    received_on = serializers.DateField()
    method = serializers.CharField()
    reference = serializers.CharField()
    amount = serializers.CharField()
    refunded = serializers.CharField()
    lines = PaidLineOut(many=True)
    unallocated = serializers.CharField()
    notice = serializers.CharField()
