"""Bodies of obligations."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Moment, Output
from sessions.integration.rules import CALLER_MOVES


class BookedOut(Output):
    id = serializers.UUIDField()
    starts_at = Moment()
    ends_at = Moment()
    status = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    modality = serializers.CharField()


class ObligationOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    dosing_session = serializers.UUIDField(source="dosing_session_id")
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="client_id")
    therapist = serializers.UUIDField(source="therapist_id", allow_null=True)
    dosed_at = Moment()
    window_start = Moment()
    window_end = Moment()
    state = serializers.CharField()
    integration_session = BookedOut(allow_null=True)
    escalations = serializers.JSONField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, obligation: Any) -> list[str]:
        return transitions.allowed(CALLER_MOVES, state=obligation.state, by=self.context["request"].user)


class WaivedOut(ObligationOut):
    reason = serializers.CharField()
