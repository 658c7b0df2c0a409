"""Bodies of protocols."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from programs import policy
from programs.models import ProgramType, Route
from programs.rules import PROTOCOL_MOVES


class Table(serializers.DictField):
    """A small JSON object of policy values."""


def table(words: str, example: dict[str, Any]) -> type[Table]:
    """A table that the schema describes; what is left out of it takes the default policy."""
    schema = {"type": "object", "additionalProperties": True, "description": words, "example": example}
    return extend_schema_field(schema)(type("DescribedTable", (Table,), {}))


DEFAULTS = "what is left out takes the default"
Integration = table(
    f"Hours from the dose: from_hours, to_hours, outer_hours, early_hours; {DEFAULTS}.", policy.INTEGRATION
)
Bands = table(
    f"Limits of vital signs by sign: {', '.join(policy.BANDS)}; {DEFAULTS}.", {"bp": policy.BANDS["bp"]}
)
Dose = table("warn, cap and unit (mg or mg/kg); the amounts as text.", policy.BY_ROUTE["sublingual"]["dose"])
Lengths = table(f"Minutes by kind of session, 1 to 720; {DEFAULTS}.", dict(policy.LENGTHS))
Seat = table(
    "Who is needed for a part of the dosing session: role, from_min, to_min, mode (exclusive, monitor, on_site), "
    "any_of (ids), count.",
    policy.resources(program_type="kap", dosing_min=180)[0],
)
Fasting = table(f"Hours without solid food and clear fluids: solid, clear; {DEFAULTS}.", policy.FASTING)
Limits = table(
    f"Numbers of the policy: {', '.join(policy.LIMITS)}; after_end of an infusion; {DEFAULTS}.",
    {"clearance_days": 365, "min_gap_floor_hours": 48},
)
Gates = table(
    f"How a gate that is policy counts ({', '.join(policy.GATE_MODES)}): {', '.join(policy.GATES)}; {DEFAULTS}.",
    {"pdmp": policy.REQUIRED, "escort": policy.REQUIRED},
)

Measured = table(
    f"What is asked around each dose: instrument ({', '.join(policy.MEASURED)}), offsets_days from the dose, below 0 "
    f"before it; {DEFAULTS}.",
    policy.MEASURES[0],
)


class ProtocolIn(Input):
    name = Text(max_length=120)
    program_type = serializers.ChoiceField(ProgramType.choices)
    route = serializers.ChoiceField(Route.choices)
    planned_doses = serializers.IntegerField(min_value=1, max_value=12, required=False)
    min_gap_hours = serializers.IntegerField(min_value=0, max_value=2000, required=False)
    span_days = serializers.ListField(child=serializers.IntegerField(), required=False)
    min_preparations = serializers.IntegerField(min_value=0, max_value=20, required=False)
    integration = Integration(required=False)
    checks_min = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=720),
        required=False,
        min_length=1,
        max_length=60,
    )
    min_stay_min = serializers.IntegerField(min_value=0, max_value=720, required=False)
    bands = Bands(required=False)
    dose = Dose(required=False)
    lengths_min = Lengths(required=False)
    resources = serializers.ListField(child=Seat(), required=False, max_length=20)
    fasting_hours = Fasting(required=False)
    limits = Limits(required=False)
    home_dosing = serializers.BooleanField(required=False)
    gates = Gates(required=False)
    measures = serializers.ListField(child=Measured(), required=False, max_length=len(policy.MEASURED))

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
    measures = serializers.JSONField()
    approved_by = serializers.UUIDField(source="approved_by_id", allow_null=True)
    approved_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_gates(self, protocol: Any) -> dict[str, str]:
        return protocol.gate_modes  # type: ignore[no-any-return]

    def get_allowed_moves(self, protocol: Any) -> list[str]:
        return transitions.allowed(PROTOCOL_MOVES, state=protocol.status, by=self.context["request"].user)
