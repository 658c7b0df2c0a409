"""Bodies of programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.models import Role
from kapclinic.practice.rules import CLINICIANS
from programs.rules import PATHWAY, PROGRAM_MOVES
from screening.rules.carrying import REASONS


class MayReason(Input):
    reason = Text(max_length=1000, required=False, allow_blank=True, default="")


def _moment(text: str | None) -> datetime | None:
    """JSON made in SQL holds times as text."""
    return None if text is None else datetime.fromisoformat(text)


class MaintainIn(Input):
    every_days = serializers.IntegerField(min_value=1, max_value=365)
    until = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="the last local day"
    )


class ContinueIn(Input):
    """The next course of the same client, at the same location and with the same prescriber."""

    protocol = serializers.UUIDField()
    therapist = serializers.UUIDField(
        required=False, allow_null=True, help_text="the one of before, unless named"
    )
    reason = Text(min_length=3, max_length=1000)


class PathwayOut(Output):
    """Why this way, in words; empty where nobody has asked yet."""

    goals = serializers.CharField(default="")
    preference = serializers.CharField(default="")
    past_experience = serializers.CharField(default="")
    readiness = serializers.CharField(default="")
    reasons = serializers.CharField(default="")


class NotCarriedOut(Output):
    """What was not carried: the clearance or a document, and why."""

    what = serializers.CharField()
    code = serializers.ChoiceField(choices=REASONS)


class CarriedOut(Output):
    clearance = serializers.UUIDField(allow_null=True)
    consents = serializers.ListField(child=serializers.UUIDField())
    left = NotCarriedOut(many=True)


class ProgramWarningOut(Output):
    """What will stop this course, and from which day on (the clinic's own date)."""

    code = serializers.ChoiceField(choices=["in_person_visit"])
    detail = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateField()}


IN_PERSON_VISIT = (
    "The law allows no dose at home and no order by video from this day on: see the client in person."
)


class ProgramOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    protocol = serializers.UUIDField(source="protocol_id")
    location = serializers.UUIDField(source="location_id")
    therapist = serializers.UUIDField(source="therapist_id", allow_null=True)
    prescriber = serializers.UUIDField(source="prescriber_id")
    continues = serializers.UUIDField(source="continues_id", allow_null=True)
    program_type = serializers.CharField(source="protocol.program_type")
    diagnosis = serializers.CharField()
    goals = serializers.CharField()
    pathway_reason = serializers.CharField()
    pathway = PathwayOut()
    planned_doses = serializers.IntegerField(allow_null=True, help_text="null: as the protocol")
    min_gap_hours = serializers.IntegerField(allow_null=True, help_text="null: as the protocol")
    plan_reason = serializers.CharField()
    maintain_every_days = serializers.IntegerField(allow_null=True)
    maintain_until = serializers.DateField(allow_null=True)
    accepted_modalities = serializers.ListField(child=serializers.CharField())
    preferred_days = serializers.ListField(child=serializers.IntegerField())
    preferred_hours = serializers.JSONField(allow_null=True)
    status = serializers.CharField()
    status_reason = serializers.CharField()
    phase = serializers.CharField()
    phases = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    def get_phases(self, program: Any) -> list[dict[str, Any]]:
        times = ("started_at", "ended_at")
        return [row | {name: _moment(row[name]) for name in times} for row in program.phase_rows]

    def get_progress(self, program: Any) -> dict[str, dict[str, int]]:
        return self.context["progress"][program.pk]  # type: ignore[no-any-return]

    @extend_schema_field(ProgramWarningOut(many=True))
    def get_warnings(self, program: Any) -> list[dict[str, Any]]:
        day = self.context["stopped"].get(program.pk)
        if day is None:
            return []
        return [{"code": "in_person_visit", "detail": IN_PERSON_VISIT, "from": day.isoformat()}]

    def get_allowed_moves(self, program: Any) -> list[str]:
        return transitions.allowed(PROGRAM_MOVES, state=program.status, by=self.context["request"].user)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Front desk may send diagnosis and goals, not read them; billing reads the diagnosis (R13)."""
        row: dict[str, Any] = super().to_representation(instance)
        roles = self.context["request"].user.role_set
        if not roles & CLINICIANS:
            hidden = ["goals", "pathway_reason", "plan_reason", "status_reason"]
            hidden += [] if Role.BILLING in roles else ["diagnosis"]
            row |= dict.fromkeys(hidden, "") | {"pathway": dict.fromkeys(PATHWAY, "")}
        return row


class ContinuedOut(ProgramOut):
    """The new course, with what it took over of the one before."""

    carried = CarriedOut()
