"""Bodies of safety alerts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening import rules


class AcknowledgeIn(Input):
    action = Text(min_length=3)


class SafetyAlertOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    cause = serializers.CharField()
    measure = serializers.UUIDField(source="measure_id", allow_null=True)
    screening = serializers.UUIDField(source="screening_id", allow_null=True)
    clinician = serializers.UUIDField(source="clinician_id")
    acknowledge_by = Moment()
    status = serializers.CharField()
    acknowledged_at = Moment(allow_null=True)
    acknowledged_by = serializers.UUIDField(source="acknowledged_by_id", allow_null=True)
    action = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, alert: Any) -> list[str]:
        return transitions.allowed(rules.ALERT_MOVES, state=alert.status, by=self.context["request"].user)
