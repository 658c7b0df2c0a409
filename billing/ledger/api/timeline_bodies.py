"""The body of a course as it went, with what it was charged with."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.ledger.rules import status_of
from kapclinic.core.http.fields import Money, Output
from sessions.course.api.timeline_bodies import CourseOut


class TimelineChargeOut(Output):
    id = serializers.UUIDField()
    session = serializers.UUIDField(source="session_id")
    code = serializers.CharField(source="code.code")
    label = serializers.CharField()  # type: ignore[assignment]
    units = serializers.IntegerField()
    amount = Money()
    balance = Money()
    date_of_service = serializers.DateField()
    status = serializers.SerializerMethodField()

    def get_status(self, row: Any) -> str:
        return status_of(row)


class TimelineOut(CourseOut):
    """What a role may not read is left out."""

    charges = TimelineChargeOut(many=True, required=False, help_text="for billing and the medical director")
