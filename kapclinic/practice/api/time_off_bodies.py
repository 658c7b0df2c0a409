"""Bodies of time off."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text


class TimeOffIn(Input):
    starts_at = Moment()
    ends_at = Moment()
    reason = Text(max_length=200, required=False, allow_blank=True, default="")


class TimeOffOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    user = serializers.UUIDField(source="user_id")
    starts_at = Moment()
    ends_at = Moment()
    reason = serializers.CharField()
    cancelled_at = Moment(allow_null=True)
    cancel_reason = serializers.CharField()
