"""Bodies of readings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.booking.http import LateReason
from sessions.monitoring.rules import NEEDED


def _shown() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=999, required=False, allow_null=True)


class ReadingIn(Input):
    """mmHg, beats and breaths per minute, percent, MOAA/S 0-5: all that a device can show is kept, and rings as it is.

    Pressure and heart rate are there or named in `not_obtainable`. A value far from the last one is kept too and told
    in `unusual`; `confirm: true` says that it is as it stands.
    """

    systolic = _shown()
    diastolic = _shown()
    heart_rate = _shown()
    spo2 = _shown()
    respiratory_rate = _shown()
    sedation = _shown()
    etco2 = _shown()
    not_obtainable = serializers.ListField(
        child=serializers.ChoiceField(NEEDED), required=False, max_length=len(NEEDED)
    )
    confirm = serializers.BooleanField(required=False, default=False)
    measured_at = Moment()
    action_taken = Text(max_length=1000, required=False, allow_blank=True)
    override_reason = LateReason()


class SignsOut(Output):
    """The vital signs of a reading: `SIGNS`, null where one was not taken."""

    systolic = serializers.IntegerField(allow_null=True)
    diastolic = serializers.IntegerField(allow_null=True)
    heart_rate = serializers.IntegerField(allow_null=True)
    spo2 = serializers.IntegerField(allow_null=True)
    respiratory_rate = serializers.IntegerField(allow_null=True)
    sedation = serializers.IntegerField(allow_null=True)
    etco2 = serializers.IntegerField(allow_null=True)


class UnusualOut(Output):
    sign = serializers.CharField()
    last = serializers.IntegerField(allow_null=True)
    now = serializers.IntegerField()


class ReadingOut(SignsOut):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    phase = serializers.CharField()
    not_obtainable = serializers.ListField(child=serializers.CharField())
    unusual = UnusualOut(many=True)
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


# What a row of `selectors.reading_rows` holds of it; a reading is never changed, so its version is no column.
COLUMNS = tuple(name for name in map(str, ReadingOut().fields) if name != "version")
