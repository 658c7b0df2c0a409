"""Bodies of protocols."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from programs.models import ProgramType, Route
from programs.rules import PROTOCOL_MOVES


class Table(serializers.DictField):
    """A small JSON object of policy values."""


class ProtocolIn(Input):
    name = Text(max_length=120)
    program_type = serializers.ChoiceField(ProgramType.choices)
    route = serializers.ChoiceField(Route.choices)
    planned_doses = serializers.IntegerField(min_value=1, max_value=12, required=False)
    min_gap_hours = serializers.IntegerField(min_value=0, max_value=2000, required=False)
    span_days = serializers.ListField(child=serializers.IntegerField(), required=False)
    min_preparations = serializers.IntegerField(min_value=0, max_value=20, required=False)
    integration = Table(required=False)
    checks_min = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=720),
        required=False,
        min_length=1,
        max_length=60,
    )
    min_stay_min = serializers.IntegerField(min_value=0, max_value=720, required=False)
    bands = Table(required=False)
    dose = Table(required=False)
    lengths_min = Table(required=False)
    resources = serializers.ListField(child=Table(), required=False, max_length=20)
    fasting_hours = Table(required=False)
    limits = Table(required=False)
    home_dosing = serializers.BooleanField(required=False)
    gates = Table(required=False)

    def validate_span_days(self, value: list[int]) -> list[int]:
        if len(value) != 2:
            raise serializers.ValidationError("[fewest, most] days are expected.")
        return value


class ProtocolOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    name = serializers.CharField()
    edition = serializers.IntegerField()
    status = serializers.CharField()
    program_type = serializers.CharField()
    route = serializers.CharField()
    planned_doses = serializers.IntegerField()
    min_gap_hours = serializers.IntegerField()
    span_days = serializers.JSONField()
    min_preparations = serializers.IntegerField()
    integration = serializers.JSONField()
    checks_min = serializers.JSONField()
    min_stay_min = serializers.IntegerField()
    bands = serializers.JSONField()
    dose = serializers.JSONField()
    lengths_min = serializers.JSONField()
    resources = serializers.JSONField()
    fasting_hours = serializers.JSONField()
    limits = serializers.JSONField()
    home_dosing = serializers.BooleanField()
    gates = serializers.SerializerMethodField()
    approved_by = serializers.UUIDField(source="approved_by_id", allow_null=True)
    approved_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_gates(self, protocol: Any) -> dict[str, str]:
        return protocol.gate_modes  # type: ignore[no-any-return]

    def get_allowed_moves(self, protocol: Any) -> list[str]:
        return transitions.allowed(PROTOCOL_MOVES, state=protocol.status, by=self.context["request"].user)
