"""Bodies of programs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from programs.models import Modality


class HoursRange(Input):
    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.TimeField(format="%H:%M"), "to": serializers.TimeField(format="%H:%M")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["from"] >= attrs["to"]:
            raise serializers.ValidationError("The end must be after the start.")
        return {name: value.strftime("%H:%M") for name, value in attrs.items()}


class PathwayIn(Input):
    """Why this way, KAP or infusion alone, in words."""

    goals = Text(required=False, allow_blank=True, default="")
    preference = Text(required=False, allow_blank=True, default="")
    past_experience = Text(required=False, allow_blank=True, default="")
    readiness = Text(required=False, allow_blank=True, default="")
    reasons = Text(required=False, allow_blank=True, default="")


DOSES = "of this course, at most the protocol's; null: as the protocol"
GAP = "between two doses of this course, at least the protocol's; null: as the protocol"


class ProgramIn(Input):
    client = serializers.UUIDField()
    protocol = serializers.UUIDField()
    location = serializers.UUIDField()
    therapist = serializers.UUIDField(required=False, allow_null=True)
    prescriber = serializers.UUIDField()
    continues = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="The client's course that goes on now: it is completed with this, and what it owes stays owed.",
    )
    diagnosis = serializers.RegexField(
        r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$", required=False, allow_blank=True, max_length=8
    )
    goals = Text(required=False, allow_blank=True)
    pathway_reason = Text(required=False, allow_blank=True)
    pathway = PathwayIn(required=False)
    planned_doses = serializers.IntegerField(
        min_value=1, max_value=12, required=False, allow_null=True, help_text=DOSES
    )
    min_gap_hours = serializers.IntegerField(
        min_value=0, max_value=2000, required=False, allow_null=True, help_text=GAP
    )
    plan_reason = Text(max_length=1000, required=False, allow_blank=True)
    accepted_modalities = serializers.ListField(child=serializers.ChoiceField(Modality.choices), max_length=2)
    preferred_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, max_length=7
    )
    preferred_hours = HoursRange(required=False, allow_null=True)


class ProgramPatch(Input):
    therapist = serializers.UUIDField()
    prescriber = serializers.UUIDField()
    diagnosis = serializers.RegexField(
        r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$", allow_blank=True, max_length=8
    )
    goals = Text(allow_blank=True)
    pathway_reason = Text(allow_blank=True)
    pathway = PathwayIn()
    planned_doses = serializers.IntegerField(min_value=1, max_value=12, allow_null=True, help_text=DOSES)
    min_gap_hours = serializers.IntegerField(min_value=0, max_value=2000, allow_null=True, help_text=GAP)
    plan_reason = Text(max_length=1000, allow_blank=True)
    accepted_modalities = serializers.ListField(
        child=serializers.ChoiceField(Modality.choices), min_length=1, max_length=2
    )
    preferred_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7
    )
    preferred_hours = HoursRange(allow_null=True)


class PhaseOut(Output):
    phase = serializers.CharField()
    started_at = Moment()
    ended_at = Moment(allow_null=True)
