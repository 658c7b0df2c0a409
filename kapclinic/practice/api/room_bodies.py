"""Bodies of rooms."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.models import SessionKind


class RoomIn(Input):
    location = serializers.UUIDField(source="location_id")
    name = Text(max_length=80)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(SessionKind.choices), min_length=1, max_length=5
    )
    turnover_min = serializers.IntegerField(min_value=0, max_value=240)
    is_active = serializers.BooleanField(required=False)


class RoomOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    location = serializers.UUIDField(source="location_id")
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    turnover_min = serializers.IntegerField()
    is_active = serializers.BooleanField()
