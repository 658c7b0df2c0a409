"""Calendar feeds, and the calendars themselves, over HTTP."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.core.http.renderers import OrjsonRenderer
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from sessions.calendars import rendering, selectors, services
from sessions.calendars.api import serializers as s
from sessions.calendars.models import CalendarFeed

ICS = "text/calendar"


class FeedViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "calendar_feed"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "revoke"), ANYONE)
    inputs: ClassVar = {"create": s.FeedIn, "revoke": Empty}
    output = s.FeedOut
    outputs: ClassVar = {"create": s.MadeFeedOut}
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


class CalendarViewSet(ClinicViewSet):
    """A calendar for whoever knows its address; a wrong, revoked or orphaned one does not exist."""

    object_type = "calendar"
    public = frozenset({"ics"})
    authentication_classes = ()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:  # noqa: FBT001, FBT002
        return OrjsonRenderer(), OrjsonRenderer.media_type  # of a refusal: a calendar is bytes already

    @extend_schema(responses={(200, ICS): OpenApiTypes.STR, 304: None}, auth=[])
    def ics(self, request: Request, token: str) -> HttpResponseBase:
        feed = selectors.live_feed(token)
        if feed is None:
            raise Http404
        events = selectors.events_of(feed, at=self.at)
        content = rendering.render(events, zones=selectors.zones_of(feed, events), at=self.at)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        whole = HttpResponse(content, content_type=f"{ICS}; charset=utf-8", headers=headers)
        answer = get_conditional_response(request._request, etag=etag, response=whole)  # noqa: SLF001
        assert answer is not None
        return answer
