"""Bodies of messages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Moment, Output
from kapclinic.trail.rules import MESSAGE_MOVES


class MessageOut(Output):
    """A message of the outbox: neither its text nor where it went."""

    id = serializers.UUIDField()
    created_at = Moment()
    template = serializers.CharField()
    channel = serializers.CharField()
    recipient_kind = serializers.CharField()
    recipient = serializers.UUIDField()
    subject = serializers.UUIDField(source="subject_id", allow_null=True)
    status = serializers.CharField()
    attempts = serializers.IntegerField()
    next_at = Moment()
    sent_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, row: Any) -> list[str]:
        return transitions.allowed(MESSAGE_MOVES, state=row.status, by=self.context["request"].user)
