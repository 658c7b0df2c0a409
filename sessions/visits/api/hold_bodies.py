"""Bodies of slots that are kept while somebody decides."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output
from kapclinic.practice.models import SessionKind
from programs.models import Modality
from sessions.visits.api.session_bodies import StaffRow


class HoldIn(Input):
    program = serializers.UUIDField()
    kind = serializers.ChoiceField(SessionKind.choices)
    modality = serializers.ChoiceField(Modality.choices)
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, max_length=10)  # type: ignore[call-arg]


class HoldOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    kind = serializers.CharField()
    modality = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment()
    room = serializers.UUIDField(source="room_id", allow_null=True)
    staff = StaffRow(many=True)
    expires_at = Moment()
    extended_at = Moment(allow_null=True, help_text="when it was kept longer, which it is once")
    released_at = Moment(allow_null=True)
