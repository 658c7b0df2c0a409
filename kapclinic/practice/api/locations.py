"""Locations over HTTP."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice import rules, selectors, services
from kapclinic.practice.api import location_bodies
from kapclinic.practice.models import Location
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin


class LocationViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """Changes stand in `sessions.absences`: a day that closes may not leave booked sessions behind."""

    queryset = Location.objects.all()
    object_type = "location"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": rules.ADMIN,
    }
    inputs: ClassVar = {"create": location_bodies.LocationIn}
    output = location_bodies.LocationOut
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("created_at",)
    searches = staticmethod(selectors.named)
    search_doc = "words of a name"

    def create(self, request: Request) -> Response:
        saved = services.save_location(location=None, values=self.body(), by=self.user, at=self.at)
        return self.answer(saved, status=201)
