"""Bodies of absences."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.rules import BOOKERS
from programs.models import Modality
from sessions.visits.api.availability_bodies import SlotOut
from sessions.visits.api.session_bodies import StaffRow

TIMES = ("starts_at", "ends_at")


class AbsenceIn(Input):
    user = serializers.UUIDField()
    starts_at = Moment()
    ends_at = Moment()


class AbsenceMoveIn(Input):
    """Where a session goes, or `cancel` with a reason; room, staff and modality stay unless named."""

    session = serializers.UUIDField()
    cancel = serializers.BooleanField(required=False, default=False)
    reason = Text(min_length=3, max_length=1000, required=False)
    starts_at = Moment(required=False)
    ends_at = Moment(required=False)
    room = serializers.UUIDField(required=False, allow_null=True)
    staff = StaffRow(many=True, required=False, max_length=10)  # type: ignore[call-arg]
    modality = serializers.ChoiceField(Modality.choices, required=False)
    override_reason = Text(max_length=1000, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = {"reason"} if attrs["cancel"] else {"starts_at", "ends_at"}
        allowed = {"session", "cancel", "reason"} if attrs["cancel"] else set(self.fields)
        wrong = dict.fromkeys(needed - set(attrs), "This is needed.")
        wrong |= dict.fromkeys(set(attrs) - allowed, "This has no use here.")
        if wrong:
            raise serializers.ValidationError(wrong)
        return attrs


class AbsenceRecordIn(AbsenceIn):
    reason = Text(max_length=200, required=False, allow_blank=True, default="")
    moves = AbsenceMoveIn(many=True, max_length=200, required=False, default=list)  # type: ignore[call-arg]


class ReplacementOut(SlotOut):
    kind = serializers.ChoiceField(choices=["other_staff", "other_time"])


class StandingOut(Output):
    """A session as it stands, with whom the front desk calls about it."""

    id = serializers.UUIDField()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="client.display_name")
    client_phone = serializers.CharField(source="client.phone")
    kind = serializers.CharField()
    status = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment()
    modality = serializers.CharField()
    room = serializers.UUIDField(source="room_id", allow_null=True)
    staff = StaffRow(many=True)
    for_dose = serializers.UUIDField(source="for_dose_id", allow_null=True)


class BrokenOut(StandingOut):
    """A session that the absence breaks; whoever may not book reads its times, and nothing else."""

    replacements = ReplacementOut(many=True)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name in set(fields) - set(TIMES):
            fields[name].required = False
        return fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        row: dict[str, Any] = super().to_representation(instance)
        booker = self.context["request"].user.role_set & BOOKERS
        return row if booker else {name: row[name] for name in TIMES}


class WindowOut(Output):
    id = serializers.UUIDField()
    window_start = Moment()
    window_end = Moment()
    reason = serializers.CharField()


class AbsencePreviewOut(Output):
    sessions = BrokenOut(many=True)
    obligations = WindowOut(many=True)
    elsewhere = serializers.IntegerField()


class OwedAgainOut(Output):
    id = serializers.UUIDField()
    state = serializers.CharField()
    window_start = Moment()
    window_end = Moment()


class AbsenceOut(Output):
    id = serializers.UUIDField(source="time_off.pk")
    user = serializers.UUIDField(source="time_off.user_id")
    starts_at = Moment(source="time_off.starts_at")
    ends_at = Moment(source="time_off.ends_at")
    reason = serializers.CharField(source="time_off.reason")
    sessions = StandingOut(many=True)
    obligations = OwedAgainOut(many=True)
