"""Rooms over HTTP."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.params import Param
from kapclinic.practice import rules, selectors, services
from kapclinic.practice.api import room_bodies
from kapclinic.practice.models import Room, SessionKind
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin


class RoomViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """Changes stand in `sessions.absences`: a room that closes may not leave booked sessions behind."""

    queryset = Room.objects.all()
    object_type = "room"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": rules.ADMIN,
    }
    inputs: ClassVar = {"create": room_bodies.RoomIn}
    output = room_bodies.RoomOut
    filters = (
        Param("location", "uuid", "location_id"),
        Param(
            "kind",
            choices=tuple(SessionKind.values),
            lookup=lambda qs, value, user: qs.filter(kinds__contains=[value]),
        ),
        Param("is_active", "bool"),
    )
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("location__created_at", "name")
    searches = staticmethod(selectors.named)
    search_doc = "words of a name"

    def create(self, request: Request) -> Response:
        values = self.require_location(self.body())
        return self.answer(services.save_room(room=None, values=values, by=self.user, at=self.at), status=201)

    def require_location(self, values: services.RoomFields) -> services.RoomFields:
        if "location_id" in values and selectors.unknown_locations([values["location_id"]]):
            raise Invalid.field("location", "There is no such location.", code="not_found")
        return values
