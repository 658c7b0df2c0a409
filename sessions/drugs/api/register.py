"""The register of a location's drug over HTTP, as rows and on paper."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import paper
from kapclinic.core.errors import Invalid, NotFound
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.practice.models import Location
from kapclinic.trail.http import ClinicViewSet
from sessions.drugs import register, rules, selectors
from sessions.drugs.api import register_bodies
from sessions.drugs.models import DrugEntry
from sessions.drugs.rules.deadlines import end_of_day

MOST = timedelta(days=366)
USUAL = timedelta(days=30)
PARAMS = (
    Param("location", "uuid", required=True),
    Param("from", "date", doc="first local day; 30 days before `to` unless given"),
    Param("to", "date", doc="last local day; today unless given"),
    Param("drug"),
)


class RegisterViewSet(Printed, ClinicViewSet):
    object_type = "drug_register"
    client_path = "client_id"
    logged = frozenset({"list", "pdf"})
    reports = frozenset({"list", "pdf"})
    roles: ClassVar = {"list": rules.READERS, "pdf": rules.READERS}
    output = register_bodies.RegisterOut
    filters = PARAMS
    params: ClassVar = {"pdf": PARAMS}

    location: Location
    first: date
    last: date

    def get_queryset(self) -> QuerySet[DrugEntry]:
        """The entries that the parameters ask for.

        :raises NotFound: for a location that is not the user's
        :raises Invalid: for days that are reversed, or more than a year of them
        """
        asked = self.query()
        self.location = self._place(asked["location"])
        zone = self.location.zone
        self.last = asked.get("to") or self.at.astimezone(zone).date()
        self.first = asked.get("from") or self.last - USUAL
        if not timedelta(0) <= self.last - self.first <= MOST:
            raise Invalid.field("from", "Ask for a year at most, the first day first.", code="out_of_range")
        return selectors.register(
            user=self.user,
            location_id=self.location.pk,
            since=end_of_day(self.first - timedelta(days=1), zone=zone),
            until=end_of_day(self.last, zone=zone),
            drug=asked.get("drug"),
        ).using(self.source)

    def is_past(self) -> bool:
        return self.is_over(self.query().get("to"))

    def _place(self, location_id: UUID) -> Location:
        found = Location.objects.filter(pk=location_id, pk__in=list(self.user.locations)).first()
        if found is None:
            raise NotFound
        return found

    def rows(self, page: list[Any]) -> list[Any]:
        self.touch_all(page)
        return [register.row_of(entry, zone=self.location.zone) for entry in page]

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(self.represent(self.rows(page), many=True))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request) -> Response:
        rows = self.rows(list(self.get_queryset()))
        pdf = register.print_register(
            rows, location=self.location, first=self.first, last=self.last, at=self.at
        )
        return self.print_out(pdf, name="drug-register", sha256=paper.fingerprint(pdf))
