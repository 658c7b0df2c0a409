"""The day board over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.models import Location
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet
from sessions.boards.api import day_bodies
from sessions.boards.selectors.day import COLUMNS, board
from sessions.visits.api import session_bodies


class BoardViewSet(ClinicViewSet):
    """One location's day: rooms, sessions by column, and how many stand in each."""

    object_type = "day_board"
    client_path = "client"
    logged = frozenset({"board"})
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
        location = Location.objects.filter(pk=query["location"], pk__in=list(self.user.locations)).first()
        if location is None:
            raise Http404
        on = query.get("date") or self.at.astimezone(location.zone).date()
        rooms, rows = board(location=location, on=on)
        cards = [session_bodies.shown(row, self.user) for row in rows]
        self.touch_all(cards)
        return Response(
            {
                "location": location.pk,
                "date": on,
                "time_zone": location.time_zone,
                "columns": COLUMNS,
                "counts": Counter(card["column"] for card in cards),
                "rooms": rooms,
                "sessions": cards,
            }
        )
