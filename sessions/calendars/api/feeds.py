"""Calendar feeds over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from sessions.calendars import services
from sessions.calendars.api import feed_bodies
from sessions.calendars.models import CalendarFeed


class FeedViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "calendar_feed"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "revoke"), ANYONE)
    whole = frozenset({"create"})  # the address would tell of sessions at the other locations too
    inputs: ClassVar = {"create": feed_bodies.FeedIn, "revoke": Empty}
    output = feed_bodies.FeedOut
    outputs: ClassVar = {"create": feed_bodies.MadeFeedOut}
    filters = (
        Param("room", "uuid", "room_id"),
        Param("state", choices=tuple(CalendarFeed.State.values)),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)
    replay_by_id = True  # the address is shown once: it must not stand in the record of a key

    def get_queryset(self) -> QuerySet[CalendarFeed]:
        return CalendarFeed.objects.visible_to(self.user)

    def create(self, request: Request) -> Response:
        feed, token = services.make_feed(room_id=self.body().get("room"), by=self.user, at=self.at)
        feed.url = request.build_absolute_uri(reverse("calendar", kwargs={"token": token}))  # type: ignore[attr-defined]
        return self.answer(feed, status=201)

    def revoke(self, request: Request, pk: Any) -> Response:
        feed = self.get_object()
        self.body()
        return self.answer(services.revoke_feed(feed_id=feed.pk, by=self.user, at=self.at))
