"""Bodies of free starts."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.visits.api.session_bodies import StaffRow


class SlotOut(Output):
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    room = serializers.UUIDField(allow_null=True)
    staff = StaffRow(many=True)


class NextOut(Output):
    results = SlotOut(many=True)
