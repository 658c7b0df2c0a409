"""The day board over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.etags import about_of, known_of, lasting, still, tag_of
from kapclinic.core.http.params import Param
from kapclinic.core.http.renderers import Told, Unchanged
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet
from sessions.boards.api import day_bodies
from sessions.boards.selectors import day
from sessions.visits.api import session_bodies


class BoardViewSet(ClinicViewSet):
    """One location's day: rooms, sessions by column, and how many stand in each.

    A poll with `If-None-Match` answers 304 while nothing has changed; nothing was told then, so nothing is logged.
    What holds a dose back changes with the time alone: a board that shows any is told anew every minute.
    """

    object_type = "day_board"
    client_path = "client"
    logged = tagged = polls = frozenset({"board"})
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
        which = {"location_id": query["location"], "on": query.get("date"), "by": self.user, "at": self.at}
        known = still(known_of(request, about), at=self.at)
        if known and (tag := day.still(**which, known=known)) is not None:
            return Unchanged(f'"{about}-{known[tag]}"')
        self.begin()
        seen = day.look(**which)
        if seen is None or seen.rows is None:
            raise Http404
        shown = day.board(seen.rows, at=self.at)
        tag = lasting(tag_of(about, seen).strip('"'), until=shown.until)
        cards = session_bodies.all_shown(shown.sessions, self.user)
        self.touch_all(cards)
        body = {
            "location": query["location"],
            "date": shown.on,
            "time_zone": shown.time_zone,
            "columns": day.COLUMNS,
            "counts": Counter(card["column"] for card in cards),
            "opening": shown.opening,
            "rooms": shown.rooms,
            "staff": shown.staff,
            "sessions": cards,
        }
        return Told(body, headers={"ETag": f'"{tag}"'})
