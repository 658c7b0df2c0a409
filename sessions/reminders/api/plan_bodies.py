"""Bodies of reminder plans."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.trail.models import Outbox

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
