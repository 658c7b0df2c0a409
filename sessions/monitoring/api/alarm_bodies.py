"""Bodies of alarms."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.models import Role
from sessions.booking.http import NOTHING, AboutOut
from sessions.monitoring.models import Alarm
from sessions.monitoring.rules import ALARM_MOVES

TO_DO = {
    Alarm.Cause.AMBER: "Measure again, then acknowledge with what was done.",
    Alarm.Cause.RED: "Go to the client and bring the prescriber, then acknowledge with what was done.",
    Alarm.Cause.LATE: "Take the vital signs that are late.",
    Alarm.Cause.MISSED: "Take the vital signs that were missed.",
    Alarm.Cause.TRIGGER: "Go to the client and bring the prescriber, then acknowledge with what was done.",
}


def to_do(cause: str, state: str) -> str:
    """What to do about an alarm, in plain words."""
    return TO_DO[Alarm.Cause(cause)] if state == Alarm.State.OPEN else NOTHING


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


class ListedAlarmOut(AboutOut, AlarmOut):  # type: ignore[misc]  # `session` is the same id here
    """`assigned_to` is the nurse of the session."""

    def get_label(self, row: Any) -> str:
        return to_do(row.cause, row.state)

    def get_assigned_to(self, row: Any) -> str | None:
        found = self.about(row)
        nurses = [user for user, role in found.seats() if role == Role.NURSE_PRACTITIONER]
        return found.people.get(nurses[0]) if nurses else None
