"""Bodies of service codes."""

from __future__ import annotations

from rest_framework import serializers

from billing.codes.models import LineKind, ServiceCode
from kapclinic.core.http.fields import Input, Moment, Output, Text


class ServiceCodePatch(Input):
    """All that may change later; the code itself is what charges were made with."""

    label = Text(max_length=120)  # type: ignore[assignment]
    minutes_min = serializers.IntegerField(min_value=1, max_value=1440, required=False, allow_null=True)
    minutes_max = serializers.IntegerField(min_value=1, max_value=1440, required=False, allow_null=True)
    requires_ndc = serializers.BooleanField(required=False)
    telehealth_ok = serializers.BooleanField(required=False)
    line_kind = serializers.ChoiceField(LineKind.choices, required=False)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    active = serializers.BooleanField(required=False)


class ServiceCodeIn(ServiceCodePatch):
    system = serializers.ChoiceField(ServiceCode.System.choices)
    code = Text(max_length=15)


class ServiceCodeOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    system = serializers.CharField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    minutes_min = serializers.IntegerField(allow_null=True)
    minutes_max = serializers.IntegerField(allow_null=True)
    requires_ndc = serializers.BooleanField()
    telehealth_ok = serializers.BooleanField()
    line_kind = serializers.CharField()
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    active = serializers.BooleanField()
