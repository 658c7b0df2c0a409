"""Bodies of sliding scales."""

from __future__ import annotations

from decimal import Decimal

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text


class TierIn(Input):
    """`percent` of the fee is what stays due."""

    name = Text(max_length=40)
    percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100)
    )


class SlidingScaleIn(Input):
    name = Text(max_length=80)
    valid_from = serializers.DateField()
    tiers = serializers.ListField(child=TierIn(), min_length=1, max_length=50)


class TierOut(Output):
    name = serializers.CharField()
    percent = serializers.CharField()


class SlidingScaleOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    name = serializers.CharField()
    valid_from = serializers.DateField()
    tiers = TierOut(many=True)
