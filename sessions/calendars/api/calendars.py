"""The calendar itself, for a program that subscribes."""

from __future__ import annotations

import hashlib

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from kapclinic.core.http.renderers import OrjsonRenderer
from kapclinic.trail.http import NOT_MODIFIED, ClinicViewSet
from kapclinic.trail.services import log_act
from kapclinic.trail.strangers import note_stranger
from sessions.calendars import rendering, selectors
from sessions.calendars.models import CalendarFeed

ICS = "text/calendar"


class CalendarViewSet(ClinicViewSet):
    """A calendar for whoever knows its address; a wrong, revoked or orphaned one does not exist."""

    object_type = "calendar"
    public = frozenset({"ics"})
    authentication_classes = ()
    scope_name = "link"

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:  # noqa: FBT001, FBT002
        return OrjsonRenderer(), OrjsonRenderer.media_type  # of a refusal: a calendar is bytes already

    @extend_schema(responses={(200, ICS): OpenApiTypes.STR, 304: None}, auth=[])
    def ics(self, request: Request, token: str) -> HttpResponseBase:
        feed = selectors.live_feed(token)
        if feed is None:
            note_stranger(
                action="calendar.ics", object_type="calendar", code="not_found", once=True, at=self.at
            )
            raise Http404
        events = selectors.events_of(feed, at=self.at)
        content = rendering.render(events, zones=selectors.zones_of(feed, events), at=self.at)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"ETag": etag}
        whole = HttpResponse(content, content_type=f"{ICS}; charset=utf-8", headers=headers)
        answer = get_conditional_response(request._request, etag=etag, response=whole)  # noqa: SLF001
        assert answer is not None
        if answer.status_code != NOT_MODIFIED:
            self._log_read(feed)
        return answer

    def _log_read(self, feed: CalendarFeed) -> None:
        """Whoever has the address was shown its times, and no client: who that was, the address alone can tell."""
        log_act(
            by=feed.pk,
            roles=["calendar"],
            action="calendar.ics",
            object_type="calendar",
            object_id=feed.pk,
            at=self.at,
        )
