"""Bodies of payers."""

from __future__ import annotations

from rest_framework import serializers

from billing.coverages.models import LONGEST_LIMIT
from kapclinic.core.http.fields import Input, Moment, Output, Text


class PayerIn(Input):
    """`payer_id` is the payer's number for claims; `filing_limit_days` count from the day of service."""

    name = Text(max_length=120)
    payer_id = Text(max_length=30, required=False, allow_blank=True)
    filing_limit_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_LIMIT, required=False, allow_null=True
    )


class PayerOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    name = serializers.CharField()
    payer_id = serializers.CharField()
    filing_limit_days = serializers.IntegerField(allow_null=True)
