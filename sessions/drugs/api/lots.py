"""Drug lots over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.drugs import rules, services
from sessions.drugs.api import entry_bodies, lot_bodies
from sessions.drugs.api.witness import Witnessed
from sessions.drugs.models import DrugLot


class LotViewSet(Witnessed, ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "drug_lot"
    client_path = "client_id"  # of its entries
    logged = frozenset({"entries"})
    paged = frozenset({"list", "entries"})
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        "entries": rules.READERS,
        "create": rules.KEEPERS,
        "void": rules.KEEPERS,
    }
    inputs: ClassVar = {"create": lot_bodies.LotIn, "void": lot_bodies.LotVoidIn}
    output = lot_bodies.LotOut
    outputs: ClassVar = {"entries": entry_bodies.EntryOut}
    filters = (
        Param("location", "uuid", "location_id"),
        Param("drug", lookup="drug__iexact"),
        Param("lot_number", lookup="lot_number__iexact"),
    )
    orderings: ClassVar = {"expires_on": "expires_on", "drug": "drug", "created_at": "created_at"}
    default_order = ("expires_on",)

    def get_queryset(self) -> QuerySet[DrugLot]:
        return DrugLot.objects.visible_to(self.user).select_related("void").with_balance()

    def create(self, request: Request) -> Response:
        lot = services.receive_lot(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=lot.pk), status=201)

    def witness_location(self, body: Mapping[str, Any]) -> UUID | None:
        lot = DrugLot.objects.visible_to(self.user).filter(pk=self.kwargs["pk"])
        return lot.values_list("location_id", flat=True).first()

    def void(self, request: Request, pk: UUID) -> Response:
        """Void a lot that was entered in error, while nothing was drawn from it; its number is then free again."""
        lot, body = self.get_object(), self.body()
        services.void_lot(
            lot_id=lot.pk, reason=body["reason"], witness=self.witness(), by=self.user, at=self.at
        )
        return self.answer(self.get_object())

    def entries(self, request: Request, pk: Any) -> Response:
        self.query()
        page = self.paginate_queryset(self.get_object().entries.order_by("sequence")) or []
        self.touch_all(page)
        return self.get_paginated_response(self.rows(page))
