"""Bodies of the day board."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.boards.selectors.day import COLUMNS
from sessions.visits.api.session_bodies import SessionOut


class BoardRoomOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    turnover_min = serializers.IntegerField()


class BoardHoursOut(Output):
    """From–to in local time of the location; the end of a day is 24:00."""

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.CharField(), "to": serializers.CharField()}


class BoardAwayOut(Output):
    starts_at = Moment()
    ends_at = Moment()


class BoardStaffOut(Output):
    """Somebody who works there on that day: by the weekly hours, with the time off; `capacity`: whom they may watch."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    capacity = serializers.IntegerField()
    hours = BoardHoursOut(many=True)
    off = BoardAwayOut(many=True)


class BlockerOut(Output):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name


class BoardSessionOut(SessionOut):
    """A card: a session with its column and since when it stands there; what holds its dose back while none was given,
    as the front desk reads it (R13); and the progress of its program.
    """

    column = serializers.ChoiceField(choices=list(COLUMNS))
    since = Moment(allow_null=True)
    blockers = BlockerOut(many=True)
    progress = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))


class BoardOut(Output):
    location = serializers.UUIDField()
    date = serializers.DateField()
    time_zone = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    opening = BoardHoursOut(allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    rooms = BoardRoomOut(many=True)
    staff = BoardStaffOut(many=True)
    sessions = BoardSessionOut(many=True)
