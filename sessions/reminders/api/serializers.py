"""Bodies of reminder plans and messages."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.trail.models import Outbox
from kapclinic.trail.rules import MESSAGE_MOVES

HM = "%H:%M"


class ReminderPlanIn(Input):
    """Hours before a session, at most six of them and four weeks; quiet hours in the client's own time."""

    hours_before = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=672), max_length=6
    )
    on_booking = serializers.BooleanField()
    channels = serializers.ListField(child=serializers.ChoiceField(Outbox.Channel.choices), max_length=2)
    quiet_from = serializers.TimeField(format=HM)
    quiet_to = serializers.TimeField(format=HM)
    sender_name = Text(max_length=60, required=False, allow_blank=True, default="")
    emergency_phone = Text(max_length=60)
    emergency_text = Text(max_length=200, required=False, allow_blank=True, default="")


class ReminderPlanOut(Output):
    """A location's plan; its id is the location's, and `created_at` is empty while nobody changed the defaults."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment(allow_null=True)
    location = serializers.UUIDField(source="location_id")
    hours_before = serializers.ListField(child=serializers.IntegerField())
    on_booking = serializers.BooleanField()
    channels = serializers.ListField(child=serializers.CharField())
    quiet_from = serializers.TimeField(format=HM)
    quiet_to = serializers.TimeField(format=HM)
    sender_name = serializers.CharField()
    emergency_phone = serializers.CharField()
    emergency_text = serializers.CharField()


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
