"""Bodies of readings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.booking.http import LateReason


class ReadingIn(Input):
    """mmHg, beats and breaths per minute, percent, MOAA/S 0-5; the protocol says what is plausible."""

    systolic = serializers.IntegerField(min_value=0, max_value=999)
    diastolic = serializers.IntegerField(min_value=0, max_value=999)
    heart_rate = serializers.IntegerField(min_value=0, max_value=999)
    spo2 = serializers.IntegerField(min_value=0, max_value=999, required=False, allow_null=True)
    respiratory_rate = serializers.IntegerField(min_value=0, max_value=999, required=False, allow_null=True)
    sedation = serializers.IntegerField(min_value=0, max_value=999, required=False, allow_null=True)
    measured_at = Moment()
    action_taken = Text(max_length=1000, required=False, allow_blank=True)
    override_reason = LateReason()


class ReadingOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    phase = serializers.CharField()
    systolic = serializers.IntegerField()
    diastolic = serializers.IntegerField()
    heart_rate = serializers.IntegerField()
    spo2 = serializers.IntegerField(allow_null=True)
    respiratory_rate = serializers.IntegerField(allow_null=True)
    sedation = serializers.IntegerField(allow_null=True)
    measured_at = Moment()
    recorded_at = Moment()
    recorded_by = serializers.UUIDField(source="recorded_by_id")
    source = serializers.CharField()  # type: ignore[assignment]
    action_taken = serializers.CharField()
    bands = serializers.DictField(child=serializers.CharField())
    voided = serializers.SerializerMethodField()
    check = serializers.SerializerMethodField()

    def get_voided(self, reading: Any) -> bool:
        return hasattr(reading, "void")

    def get_check(self, reading: Any) -> str | None:
        """The check that it answers; one that is asked for still goes before one of a voided dose."""
        rows = sorted(reading.checks.all(), key=lambda check: (check.ended_at is not None, check.pk))
        return next((str(check.pk) for check in rows), None)
