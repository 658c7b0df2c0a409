"""Drug entries over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin
from sessions.drugs import rules, services
from sessions.drugs.api import entry_bodies
from sessions.drugs.api.witness import Witnessed
from sessions.drugs.models import DrugEntry, DrugLot


class EntryViewSet(Witnessed, ListMixin, ClinicViewSet):
    object_type = "drug_entry"
    client_path = "client_id"
    roles: ClassVar = {"list": rules.READERS, "create": rules.KEEPERS}
    inputs: ClassVar = {"create": entry_bodies.EntryIn}
    output = entry_bodies.EntryOut
    filters = (
        Param("lot", "uuid", "lot_id"),
        Param("kind", choices=tuple(DrugEntry.Kind.values)),
        Param("session", "uuid", "session_id"),
        Param("client", "uuid", of_person("client_id")),
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
