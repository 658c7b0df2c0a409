"""Counts of the drug safe over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.drugs import rules, selectors, services
from sessions.drugs.api import count_bodies
from sessions.drugs.api.witness import Witnessed
from sessions.drugs.models import DrugCount, DrugCountLine


class CountViewSet(Witnessed, ListMixin, RetrieveMixin, ClinicViewSet):
    """`sheet/` is what the counter takes along: the lots, and no amount. What was expected is told afterwards."""

    object_type = "drug_count"
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        "sheet": rules.READERS,
        "create": rules.KEEPERS,
    }
    inputs: ClassVar = {"create": count_bodies.CountIn}
    output = count_bodies.CountOut
    outputs: ClassVar = {"sheet": count_bodies.CountSheetOut}
    filters = (
        Param("location", "uuid", "location_id"),
        Param("kind", choices=tuple(DrugCount.Kind.values)),
        Param("lot", "uuid", "lines__lot_id"),
    )
    params: ClassVar = {"sheet": (Param("location", "uuid", required=True),)}
    paged = frozenset({"list", "sheet"})
    orderings: ClassVar = {"counted_at": "counted_at", "created_at": "created_at"}
    default_order = ("-counted_at",)

    def get_queryset(self) -> QuerySet[DrugCount]:
        lines = DrugCountLine.objects.select_related("lot", "entry__discrepancy")
        ordered = lines.order_by("lot__drug", "lot__lot_number", "pk")
        return DrugCount.objects.visible_to(self.user).prefetch_related(Prefetch("lines", ordered))

    def witness_location(self, body: Mapping[str, Any]) -> UUID | None:
        location: UUID = body["location"]
        return location if location in self.user.locations else None

    def sheet(self, request: Request) -> Response:
        lots = selectors.to_count(user=self.user, location_id=self.query()["location"])
        page = self.paginate_queryset(lots.order_by("drug", "lot_number", "pk")) or []
        return self.get_paginated_response(self.rows(page))

    def create(self, request: Request) -> Response:
        body = self.body()
        body.pop("witness")
        count = services.record_count(values=body, witness=self.witness(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=count.pk), status=201)
