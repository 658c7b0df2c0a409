"""Bodies of safety plans."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from kapclinic.practice.rules import CLINICIANS


class SafetyPlanIn(Input):
    client = serializers.UUIDField()
    text = Text(min_length=3)
    made_on = serializers.DateField(help_text="The local day on which it was made with the client.")


class SafetyPlanOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    text = serializers.CharField()
    made_on = serializers.DateField()
    recorded_by = serializers.UUIDField(source="created_by")
    voided = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, plan: Any) -> Any:
        void = getattr(plan, "void", None)
        return None if void is None else VoidedOut(void).data

    def get_allowed_moves(self, plan: Any) -> list[str]:
        may = getattr(plan, "void", None) is None and self.context["request"].user.role_set & CLINICIANS
        return ["void"] if may else []
