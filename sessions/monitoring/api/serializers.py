"""Bodies of readings, checks and alarms."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.monitoring.models import Alarm
from sessions.monitoring.rules import ALARM_MOVES, CHECK_MOVES


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


class AlarmIn(Input):
    """What no number shows; `note` is clinical text."""

    trigger = serializers.ChoiceField(Alarm.Trigger.choices)
    note = Text(max_length=1000, required=False, allow_blank=True, default="")


class ActionIn(Input):
    action = Text(min_length=3, max_length=1000)


class AlarmOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    cause = serializers.CharField()
    trigger = serializers.CharField()
    note = serializers.CharField()
    reading = serializers.UUIDField(source="reading_id", allow_null=True)
    check = serializers.UUIDField(source="check_row_id", allow_null=True)
    state = serializers.CharField()
    escalation = serializers.IntegerField()
    acknowledged_at = Moment(allow_null=True)
    acknowledged_by = serializers.UUIDField(source="acknowledged_by_id", allow_null=True)
    action = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, alarm: Any) -> list[str]:
        return transitions.allowed(ALARM_MOVES, state=alarm.state, by=self.context["request"].user)
