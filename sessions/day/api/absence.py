"""Absences over HTTP: what one would break, and one that is kept with every move."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.models import TimeOff
from kapclinic.practice.rules import ABSENCE_ROLES, BOOKERS
from kapclinic.trail.http import ClinicViewSet
from programs.models import Modality
from sessions.booking.models import Session
from sessions.day import absence
from sessions.day.api.serializers import SlotOut, StaffRow

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
    id = serializers.UUIDField()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="client_id")
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


class AbsenceViewSet(ClinicViewSet):
    """Mark somebody away: `preview/` shows what that breaks, and the absence is kept with every move, or not at all.

    The administrator says who is away; moves belong to those who book.
    """

    object_type = "absence"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("create", "preview"), ABSENCE_ROLES)
    inputs: ClassVar = {"create": AbsenceRecordIn, "preview": AbsenceIn}
    outputs: ClassVar = {"create": AbsenceOut, "preview": AbsencePreviewOut}

    def get_queryset(self) -> QuerySet[TimeOff]:
        return TimeOff.objects.filter(user__locations__overlap=list(self.user.locations))

    def preview(self, request: Request) -> Response:
        body = self.body()
        found = absence.preview(
            user_id=body["user"],
            starts_at=body["starts_at"],
            ends_at=body["ends_at"],
            by=self.user,
            at=self.at,
        )
        if self.user.role_set & BOOKERS:  # others are shown no client's session
            self.touch_all(session for session, _ in found["sessions"])
        rows = [_broken(session, ways) for session, ways in found["sessions"]]
        return Response(self.represent(found | {"sessions": rows}))

    def create(self, request: Request) -> Response:
        body = self.body()
        kept = absence.record(
            user_id=body.pop("user"), moves=body.pop("moves"), **body, by=self.user, at=self.at
        )
        self.touch_all(kept.sessions)
        self._object_id = kept.time_off.pk
        return Response(self.represent(kept), status=201)


def _broken(session: Session, ways: list[Any]) -> Session:
    session.replacements = [way.as_dict() for way in ways]  # type: ignore[attr-defined]
    return session
