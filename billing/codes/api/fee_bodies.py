"""Bodies of fees."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.codes.models import ServiceCode
from kapclinic.core.http.fields import Input, Moment, Money, Output


class FeePatch(Input):
    amount = Money(min_value=0)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True)


class FeeIn(FeePatch):
    code = serializers.SlugRelatedField(slug_field="code", queryset=ServiceCode.objects.all())
    location = serializers.UUIDField(required=False, allow_null=True)

    def validate_location(self, value: Any) -> Any:
        if value is not None and value not in self.context["request"].user.locations:
            raise serializers.ValidationError("There is no such location for you.", code="not_found")
        return value


class FeeOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    code = serializers.CharField(source="code.code")
    location = serializers.UUIDField(source="location_id", allow_null=True)
    amount = Money()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)
