"""Bodies of the day board."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.boards.selectors.day import COLUMNS
from sessions.visits.api.session_bodies import SessionOut


class BoardRoomOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    turnover_min = serializers.IntegerField()


class BoardSessionOut(SessionOut):
    """A card: a session with its column and since when it stands there."""

    column = serializers.ChoiceField(choices=list(COLUMNS))
    since = Moment(allow_null=True)


class BoardOut(Output):
    location = serializers.UUIDField()
    date = serializers.DateField()
    time_zone = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    counts = serializers.DictField(child=serializers.IntegerField())
    rooms = BoardRoomOut(many=True)
    sessions = BoardSessionOut(many=True)
