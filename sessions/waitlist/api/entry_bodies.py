"""Bodies of the waitlist."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output
from kapclinic.practice.models import SessionKind
from programs.api.program_bodies import HoursRange
from sessions.waitlist.models import ANY, MODALITIES
from sessions.waitlist.rules import CALLER_MOVES


class WaitlistEntryIn(Input):
    program = serializers.UUIDField()
    kind = serializers.ChoiceField(SessionKind.choices)
    modality = serializers.ChoiceField(MODALITIES, required=False, default=ANY)
    window_from = Moment()
    window_to = Moment()
    preferred_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, max_length=7, default=list
    )
    preferred_hours = HoursRange(required=False, allow_null=True, default=None)
    auto_fill = serializers.BooleanField(required=False, default=False)


class WaitlistEntryOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    client_name = serializers.CharField(source="program.client.display_name")
    client_mrn = serializers.CharField(source="program.client.mrn")
    location = serializers.UUIDField(source="program.location_id")
    kind = serializers.CharField()
    modality = serializers.CharField()
    window_from = Moment()
    window_to = Moment()
    preferred_days = serializers.ListField(child=serializers.IntegerField())
    preferred_hours = serializers.JSONField(allow_null=True)
    auto_fill = serializers.BooleanField()
    status = serializers.CharField()
    filled_by = serializers.UUIDField(source="filled_by_id", allow_null=True)
    reason = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, entry: Any) -> list[str]:
        return transitions.allowed(CALLER_MOVES, state=entry.status, by=self.context["request"].user)
