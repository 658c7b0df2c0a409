"""Bodies of checks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Moment, Output, Reason
from sessions.booking.http import LateReason
from sessions.monitoring.rules import CHECK_MOVES


class NotTakenIn(Reason):
    """Why a check was not taken, and when it was let go; now unless said."""

    at = Moment(required=False)
    override_reason = LateReason()


class CheckOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    kind = serializers.CharField()
    minute = serializers.IntegerField(allow_null=True)
    planned_at = Moment()
    state = serializers.SerializerMethodField()
    reading = serializers.UUIDField(source="reading_id", allow_null=True)
    after_reading = serializers.UUIDField(source="after_reading_id", allow_null=True)
    reason = serializers.CharField()
    ended_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_state(self, check: Any) -> str:
        """By the clock of this request, whether the sweep has passed or not."""
        return str(getattr(check, "shown", check.state))

    def get_allowed_moves(self, check: Any) -> list[str]:
        if check.reading_id is not None:
            return []
        return transitions.allowed(CHECK_MOVES, state=check.state, by=self.context["request"].user)
