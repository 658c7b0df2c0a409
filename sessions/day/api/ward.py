"""The monitoring board over HTTP: everybody who is being watched, cheap to ask again and again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.fields import Moment, Output
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from kapclinic.trail.http import ClinicViewSet
from sessions.day.ward import BadCursor, Cursor, current_tag, etag_of, marks_of, ward


class WardStageOut(Output):
    stage = serializers.CharField()
    at = Moment()


class WardCheckOut(Output):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    minute = serializers.IntegerField(allow_null=True)
    planned_at = Moment()
    state = serializers.CharField()
    is_due = serializers.BooleanField()


class WardReadingOut(Output):
    id = serializers.UUIDField()
    phase = serializers.CharField()
    systolic = serializers.IntegerField()
    diastolic = serializers.IntegerField()
    heart_rate = serializers.IntegerField()
    spo2 = serializers.IntegerField(allow_null=True)
    respiratory_rate = serializers.IntegerField(allow_null=True)
    sedation = serializers.IntegerField(allow_null=True)
    bands = serializers.DictField(child=serializers.CharField())
    measured_at = Moment()


class WardAlarmOut(Output):
    id = serializers.UUIDField()
    cause = serializers.CharField()
    trigger = serializers.CharField()
    opened_at = Moment()
    escalation = serializers.IntegerField()
    escalated = serializers.BooleanField()
    check = serializers.UUIDField(allow_null=True)
    reading = serializers.UUIDField(allow_null=True)


class WardStaffOut(Output):
    user = serializers.UUIDField()
    role = serializers.CharField()
    name = serializers.CharField()


class WardCardOut(Output):
    """A session that is watched. From `dosed_at` on only clinicians get it."""

    id = serializers.UUIDField()
    client = serializers.UUIDField()
    client_name = serializers.CharField()
    client_initials = serializers.CharField()
    room = serializers.UUIDField(allow_null=True)
    room_name = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    stage = WardStageOut(allow_null=True)
    dosed_at = Moment(allow_null=True, required=False)
    minutes = serializers.IntegerField(allow_null=True, required=False)
    discharged_at = Moment(allow_null=True, required=False)
    next_check = WardCheckOut(allow_null=True, required=False)
    overdue = serializers.IntegerField(required=False)
    last_reading = WardReadingOut(allow_null=True, required=False)
    trend = WardReadingOut(many=True, required=False)
    alarms = WardAlarmOut(many=True, required=False)
    staff = WardStaffOut(many=True, required=False)


class WardOut(Output):
    location = serializers.UUIDField()
    at = Moment()
    cursor = serializers.CharField()
    sessions = WardCardOut(many=True)
    gone = serializers.ListField(child=serializers.UUIDField())


class WardViewSet(ClinicViewSet):
    """Who is being watched at a location, by what is due next. The front desk sees room, client and stage.

    A poll with `If-None-Match` answers 304 while nothing has changed, by a row or by the clock; nothing was read then,
    so nothing is logged. `since` asks for what changed since the answer with that `cursor`, and what is `gone`.
    """

    object_type = "monitoring_board"
    client_path = "client"
    logged = frozenset()  # by the action itself, when it has told of somebody
    roles: ClassVar = {"board": BOOKERS}
    outputs: ClassVar = {"board": WardOut}
    params: ClassVar = {
        "board": (
            Param("location", "uuid", required=True),
            Param("since", "cursor", doc="`cursor` of an earlier answer: only what changed since"),
        )
    }

    def board(self, request: Request) -> Response:
        query = self.query()
        location, before = query["location"], self._before(query.get("since"))
        if location not in self.user.locations:
            raise Http404
        clinical = bool(self.user.role_set & CLINICIANS)
        marks = marks_of(location, clinical=clinical)
        given = request.headers.get("If-None-Match", "")
        same = current_tag(given, location, marks, clinical=clinical, at=self.at)
        if same is not None:
            return Response(status=304, headers={"ETag": same})
        shown = ward(location_id=location, marks=marks, clinical=clinical, at=self.at)
        cards = shown.cards if before is None else shown.since(before)
        body: dict[str, Any] = {
            "location": location,
            "at": self.at,
            "cursor": str(shown.cursor),
            "sessions": cards,
            "gone": [] if before is None else shown.gone(before),
        }
        if cards:
            self.touch_all(cards)
            self._log(outcome="ok")
        etag = etag_of(location, marks, until=shown.cursor.until, clinical=clinical)
        return Response(body, headers={"ETag": etag, "Cache-Control": "private, no-cache"})

    def _before(self, since: str | None) -> Cursor | None:
        """:raises Invalid: for a cursor that no answer held"""
        try:
            return None if since is None else Cursor.read(since)
        except BadCursor as exc:
            raise Invalid.field("since", f"since: {exc}.") from exc
