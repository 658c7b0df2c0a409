"""The day board over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.etags import about_of, known_of, lasting, still, tag_of
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet
from sessions.boards.api import day_bodies
from sessions.boards.selectors.day import COLUMNS, board, look
from sessions.visits.api import session_bodies


class BoardViewSet(ClinicViewSet):
    """One location's day: rooms, sessions by column, and how many stand in each.

    A poll with `If-None-Match` answers 304 while nothing has changed; nothing was told then, so nothing is logged.
    What holds a dose back changes with the time alone: a board that shows any is told anew every minute.
    """

    object_type = "day_board"
    client_path = "client"
    logged = tagged = frozenset({"board"})
    roles: ClassVar = {"board": BOOKERS}
    outputs: ClassVar = {"board": day_bodies.BoardOut}
    params: ClassVar = {
        "board": (
            Param("location", "uuid", required=True),
            Param("date", "date", doc="local date there; today unless given"),
        )
    }

    def board(self, request: Request) -> Response:
        query = self.query()
        about = about_of(request, self.user)
        known = still(known_of(request, about), at=self.at)
        seen = look(
            location_id=query["location"], on=query.get("date"), by=self.user, at=self.at, known=[*known]
        )
        if seen is None:
            raise Http404
        if seen.rows is None:
            return Response(status=304, headers={"ETag": f'"{about}-{known[seen.tag]}"'})
        shown = board(seen.rows, at=self.at)
        tag = lasting(tag_of(about, seen).strip('"'), until=shown.until)
        cards = session_bodies.all_shown(shown.sessions, self.user)
        self.touch_all(cards)
        body = {
            "location": query["location"],
            "date": shown.on,
            "time_zone": shown.time_zone,
            "columns": COLUMNS,
            "counts": Counter(card["column"] for card in cards),
            "opening": shown.opening,
            "rooms": shown.rooms,
            "staff": shown.staff,
            "sessions": cards,
        }
        return Response(body, headers={"ETag": f'"{tag}"'})
