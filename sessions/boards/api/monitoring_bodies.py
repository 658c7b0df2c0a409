"""Bodies of the monitoring board."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.monitoring.api.reading_bodies import SignsOut, UnusualOut


class WardStageOut(Output):
    stage = serializers.CharField()
    at = Moment()


class WardCheckOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    minute = serializers.IntegerField(allow_null=True)
    planned_at = Moment()
    state = serializers.CharField()
    is_due = serializers.BooleanField()


class WardReadingOut(SignsOut):
    id = serializers.UUIDField()
    phase = serializers.CharField()
    not_obtainable = serializers.ListField(child=serializers.CharField())
    unusual = UnusualOut(many=True)
    bands = serializers.DictField(child=serializers.CharField())
    measured_at = Moment()


class WardDoseOut(Output):
    """What went in of all doses that stand, in mg, and how the first was given."""

    mg = serializers.CharField()
    route = serializers.CharField()


class WardBaselineOut(SignsOut):
    """The last reading before the dose."""

    id = serializers.UUIDField()
    measured_at = Moment()


class WardAlarmOut(Output):
    id = serializers.UUIDField()
    cause = serializers.CharField()
    trigger = serializers.CharField()
    opened_at = Moment()
    escalation = serializers.IntegerField()
    escalated = serializers.BooleanField()
    check = serializers.UUIDField(allow_null=True)
    reading = serializers.UUIDField(allow_null=True)
    reading_voided = serializers.BooleanField(
        help_text="the reading that raised it was taken back; the alarm waits all the same"
    )


class WardStaffOut(Output):
    user = serializers.UUIDField()
    role = serializers.CharField()
    name = serializers.CharField()


class WardCardOut(Output):
    """A session that is watched. From `number` on only clinicians get it; `bands` are the protocol's."""

    id = serializers.UUIDField()
    client = serializers.UUIDField()
    client_name = serializers.CharField()
    client_initials = serializers.CharField()
    room = serializers.UUIDField(allow_null=True)
    room_name = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    stage = WardStageOut(allow_null=True)
    number = serializers.IntegerField(required=False)
    bands = serializers.DictField(required=False)
    dose = WardDoseOut(allow_null=True, required=False)
    baseline = WardBaselineOut(allow_null=True, required=False)
    dosed_at = Moment(allow_null=True, required=False)
    minutes = serializers.IntegerField(allow_null=True, required=False)
    discharged_at = Moment(allow_null=True, required=False)
    next_check = WardCheckOut(allow_null=True, required=False)
    overdue = serializers.IntegerField(required=False)
    last_reading = WardReadingOut(allow_null=True, required=False)
    trend = WardReadingOut(many=True, required=False)
    alarms = WardAlarmOut(many=True, required=False)
    staff = WardStaffOut(many=True, required=False)


class WardOut(Output):
    location = serializers.UUIDField()
    at = Moment()
    cursor = serializers.CharField()
    sessions = WardCardOut(many=True)
    gone = serializers.ListField(child=serializers.UUIDField())
