"""Counts of the safe and what they find missing, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.drugs import rules, selectors, services
from sessions.drugs.api import serializers as s
from sessions.drugs.api.witness import Witnessed
from sessions.drugs.models import DrugCount, DrugCountLine, DrugDiscrepancy


class CountViewSet(Witnessed, ListMixin, RetrieveMixin, ClinicViewSet):
    """`sheet/` is what the counter takes along: the lots, and no amount. What was expected is told afterwards."""

    object_type = "drug_count"
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        "sheet": rules.READERS,
        "create": rules.KEEPERS,
    }
    inputs: ClassVar = {"create": s.CountIn}
    output = s.CountOut
    outputs: ClassVar = {"sheet": s.CountSheetOut}
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


class DiscrepancyViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "drug_discrepancy"
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        **{name: move.roles for name, move in rules.DISCREPANCY_MOVES.items()},
    }
    inputs: ClassVar = {"explain": Reason, "notify": s.DrugNoticeIn, "file": s.Form106In, "close": Reason}
    output = s.DiscrepancyOut
    filters = (
        Param("location", "uuid", "location_id"),
        Param("lot", "uuid", "lot_id"),
        Param("state", choices=tuple(DrugDiscrepancy.State.values)),
    )
    orderings: ClassVar = {"discovered_at": "discovered_at", "notice_due_at": "notice_due_at"}
    default_order = ("-discovered_at",)

    def get_queryset(self) -> QuerySet[DrugDiscrepancy]:
        return DrugDiscrepancy.objects.visible_to(self.user).select_related("lot", "entry")

    def explain(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        return self.answer(
            services.explain_discrepancy(discrepancy_id=row.pk, **self.body(), by=self.user, at=self.at)
        )

    def notify(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        return self.answer(
            services.notify_discrepancy(discrepancy_id=row.pk, **self.body(), by=self.user, at=self.at)
        )

    def file(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        return self.answer(
            services.file_discrepancy(discrepancy_id=row.pk, **self.body(), by=self.user, at=self.at)
        )

    def close(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        return self.answer(
            services.close_discrepancy(discrepancy_id=row.pk, **self.body(), by=self.user, at=self.at)
        )
