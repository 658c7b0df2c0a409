"""Bodies of clearances."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Moment, Output
from screening import rules


class ClearanceOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    screening = serializers.UUIDField(source="screening_id")
    decision = serializers.CharField()
    rationale = serializers.CharField()
    decided_by = serializers.UUIDField(source="decided_by_id")
    valid_from = Moment()
    expires_on = serializers.DateField(allow_null=True)
    voided_at = Moment(allow_null=True)
    voided_by = serializers.UUIDField(source="voided_by_id", allow_null=True)
    void_reason = serializers.CharField()
    state = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, clearance: Any) -> list[str]:
        return transitions.allowed(
            rules.CLEARANCE_MOVES, state=clearance.state, by=self.context["request"].user
        )
