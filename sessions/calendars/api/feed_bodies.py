"""Bodies of calendar feeds."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output
from sessions.calendars.rules import FEED_MOVES


class FeedIn(Input):
    """Nothing for one's own sessions, or a room."""

    room = serializers.UUIDField(required=False, allow_null=True)


class FeedOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    created_by = serializers.UUIDField()
    user = serializers.UUIDField(source="user_id", allow_null=True)
    room = serializers.UUIDField(source="room_id", allow_null=True)
    state = serializers.CharField()
    revoked_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, feed: Any) -> list[str]:
        return transitions.allowed(FEED_MOVES, state=feed.state, by=self.context["request"].user)


class MadeFeedOut(FeedOut):
    """With the address, this once; a repeated request gets it no more."""

    url = serializers.SerializerMethodField()

    def get_url(self, feed: Any) -> str | None:
        return getattr(feed, "url", None)
