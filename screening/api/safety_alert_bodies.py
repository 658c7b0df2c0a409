"""Bodies of safety alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening import rules


class AcknowledgeIn(Input):
    action = Text(min_length=3)


class ReleaseIn(Input):
    rationale = Text(min_length=3)
    safety_plan = serializers.UUIDField(
        required=False, allow_null=True, help_text="Required of a C-SSRS of the tier high."
    )
    not_alone = serializers.BooleanField(
        required=False, allow_null=True, help_text="Somebody stays with the client: true of the tier high."
    )


class ReleaseOut(Output):
    id = serializers.UUIDField()
    rationale = serializers.CharField()
    safety_plan = serializers.UUIDField(allow_null=True)
    not_alone = serializers.BooleanField(allow_null=True)
    measure = serializers.UUIDField(allow_null=True)
    by = serializers.UUIDField()
    at = Moment()
    stands = serializers.BooleanField()


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
    holds_doses = serializers.SerializerMethodField()
    releases = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    def _state(self, alert: Any) -> str:
        released = any(row["fell_at"] is None for row in alert.release_rows)
        return rules.alert_hold(alert.cause, released=released).state

    def get_holds_doses(self, alert: Any) -> bool:
        return self._state(alert) == rules.HOLDS

    @extend_schema_field(ReleaseOut(many=True))
    def get_releases(self, alert: Any) -> Any:
        rows = [
            row | {"at": datetime.fromisoformat(row["at"]), "stands": row["fell_at"] is None}
            for row in alert.release_rows
        ]
        return ReleaseOut(rows, many=True).data

    def get_allowed_moves(self, alert: Any) -> list[str]:
        by = self.context["request"].user
        release = transitions.allowed(rules.release_moves(alert.cause), state=self._state(alert), by=by)
        return [*transitions.allowed(rules.ALERT_MOVES, state=alert.status, by=by), *release]
