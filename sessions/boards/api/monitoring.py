"""The monitoring board over HTTP: everybody who is being watched, cheap to ask again and again."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.params import Param
from kapclinic.core.http.renderers import Told, Unchanged
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from kapclinic.trail.http import ClinicViewSet
from sessions.boards.api.monitoring_bodies import WardOut
from sessions.boards.selectors.cursors import BadCursor, Cursor, current_tag, etag_of
from sessions.boards.selectors.monitoring import marks_of, monitoring_board


class MonitoringBoardViewSet(ClinicViewSet):
    """Who is being watched at a location, by what is due next. The front desk sees room, client and stage.

    A poll with `If-None-Match` answers 304 while nothing has changed, by a row or by the clock; nothing was read then,
    so nothing is logged. `since` asks for what changed since the answer with that `cursor`, and what is `gone`.
    """

    object_type = "monitoring_board"
    client_path = "client"
    tagged = polls = frozenset({"board"})
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
        if given := request.META.get("HTTP_IF_NONE_MATCH", ""):
            marks = marks_of(location, clinical=clinical)
            same = current_tag(given, location, marks, clinical=clinical, by=self.user.pk, at=self.at)
            if same is not None:
                return Unchanged(same)
        self.begin()
        shown = monitoring_board(location_id=location, clinical=clinical, at=self.at)
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
            self.log(outcome="ok")
        cursor = shown.cursor
        etag = etag_of(location, cursor.marks, until=cursor.until, clinical=clinical, by=self.user.pk)
        return Told(body, headers={"ETag": etag})

    def _before(self, since: str | None) -> Cursor | None:
        """:raises Invalid: for a cursor that no answer held"""
        try:
            return None if since is None else Cursor.read(since)
        except BadCursor as exc:
            raise Invalid.field("since", f"since: {exc}.") from exc
