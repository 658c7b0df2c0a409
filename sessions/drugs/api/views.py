"""Drug stock and its ledger over HTTP."""

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
from sessions.drugs.api import serializers as s
from sessions.drugs.api.witness import Witnessed
from sessions.drugs.models import DrugEntry, DrugLot


class LotViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "drug_lot"
    client_path = "client_id"  # of its entries
    logged = frozenset({"entries"})
    paged = frozenset({"list", "entries"})
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        "entries": rules.READERS,
        "create": rules.KEEPERS,
    }
    inputs: ClassVar = {"create": s.LotIn}
    output = s.LotOut
    outputs: ClassVar = {"entries": s.EntryOut}
    filters = (
        Param("location", "uuid", "location_id"),
        Param("drug", lookup="drug__iexact"),
        Param("lot_number", lookup="lot_number__iexact"),
    )
    orderings: ClassVar = {"expires_on": "expires_on", "drug": "drug", "created_at": "created_at"}
    default_order = ("expires_on",)

    def get_queryset(self) -> QuerySet[DrugLot]:
        return DrugLot.objects.visible_to(self.user).with_balance()

    def create(self, request: Request) -> Response:
        lot = services.receive_lot(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=lot.pk), status=201)

    def entries(self, request: Request, pk: Any) -> Response:
        self.query()
        page = self.paginate_queryset(self.get_object().entries.order_by("sequence")) or []
        self.touch_all(page)
        return self.get_paginated_response(self.rows(page))


class EntryViewSet(Witnessed, ListMixin, ClinicViewSet):
    object_type = "drug_entry"
    client_path = "client_id"
    roles: ClassVar = {"list": rules.READERS, "create": rules.KEEPERS}
    inputs: ClassVar = {"create": s.EntryIn}
    output = s.EntryOut
    filters = (
        Param("lot", "uuid", "lot_id"),
        Param("kind", choices=tuple(DrugEntry.Kind.values)),
        Param("session", "uuid", "session_id"),
        Param("client", "uuid", "client_id"),
    )
    orderings: ClassVar = {"created_at": "created_at", "sequence": "sequence"}
    default_order = ("-created_at", "lot_id", "-sequence")
    key_required = frozenset({"create"})

    def get_queryset(self) -> QuerySet[DrugEntry]:
        return DrugEntry.objects.visible_to(self.user)

    def witness_location(self, body: Mapping[str, Any]) -> UUID | None:
        lots = DrugLot.objects.visible_to(self.user)
        return lots.filter(pk=body["lot"]).values_list("location_id", flat=True).first()

    def create(self, request: Request) -> Response:
        body = self.body()
        entry = services.record_entry(
            lot_id=body["lot"],
            kind=body["kind"],
            amount_mg=body["amount_mg"],
            reason=body["reason"],
            to_location=body.get("to_location"),
            witness=self.witness(),
            by=self.user,
            at=self.at,
        )
        return self.answer(entry, status=201)
