"""Bodies of plans: a proposal, and what is booked of it."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output
from kapclinic.practice.models import SessionKind
from programs.models import Modality
from sessions.course.api.program_bodies import ProgramOut
from sessions.visits.api.session_bodies import EffectOut, StaffRow


class PlanRow(Input):
    """One session of a plan; the proposal's rows are sent back as they came, or changed."""

    kind = serializers.ChoiceField(SessionKind.choices)
    number = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.ChoiceField(Modality.choices)
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, max_length=10)  # type: ignore[call-arg]


class PlanPreviewRow(Output):
    """A row as it was sent, with what booking it would bring. A remedy without a session is for the row itself."""

    kind = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    room = serializers.UUIDField(allow_null=True)
    staff = StaffRow(many=True)
    effects = EffectOut(many=True)


class PlanPreviewOut(Output):
    possible = serializers.BooleanField()
    refusal = serializers.JSONField(allow_null=True)
    sessions = PlanPreviewRow(many=True)


class UnmetOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class PlanOut(Output):
    sessions = PlanRow(many=True)
    weeks = serializers.IntegerField()
    unmet = UnmetOut(many=True)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": True,
        "description": "as the proposal had it; not read",
        "example": {"code": "no_slot", "detail": "No free slot for integration 2."},
    }
)
class UnmetSent(serializers.DictField):
    pass


class MaintainedOut(ProgramOut):
    """The course, with the next sessions of its maintenance; nothing is booked."""

    plan = PlanOut()


class PlanIn(Input):
    """The proposal may come back whole; only its sessions are read."""

    weeks = serializers.IntegerField(required=False)
    unmet = serializers.ListField(child=UnmetSent(), required=False)
    sessions = PlanRow(many=True, min_length=1, max_length=60)  # type: ignore[call-arg]
