"""Coverages over HTTP. Who treats a client needs no number of a card: front desk, billing and director alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.coverages import selectors, services
from billing.coverages.api import coverage_bodies
from billing.coverages.api.payers import COVERERS
from billing.coverages.models import Coverage, CoverageQuerySet
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin

STATUS = Param(
    "status",
    choices=("standing", "voided"),
    lookup=lambda qs, value, user: qs.filter(voided_at__isnull=value == "standing"),
)


class CoverageViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Coverage.objects.all()
    object_type = "coverage"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "partial_update", "void"), COVERERS)
    inputs: ClassVar = {
        "create": coverage_bodies.CoverageIn,
        "partial_update": coverage_bodies.CoveragePatch,
        "void": EntryReason,
    }
    output = coverage_bodies.CoverageOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("payer", "uuid", "payer_id"),
        Param("intent", choices=tuple(Coverage.Intent.values)),
        Param("on", "date", selectors.only_on, doc="what holds on this day"),
        STATUS,
    )
    orderings: ClassVar = {"valid_from": "valid_from", "created_at": "created_at"}
    default_order = ("-valid_from", "-created_at")

    def get_queryset(self) -> CoverageQuerySet:
        return selectors.coverages().visible_to(self.user)

    def present(self, row: Coverage, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = row.subscriber
        return found

    def create(self, request: Request) -> Response:
        made = services.save_coverage(row=None, values=self.body(), by=self.user, at=self.at)
        return self.answer(made, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        return self.answer(services.save_coverage(row=row, values=self.given(row), by=self.user, at=self.at))

    def void(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        row = self.get_object()
        return self.answer(
            services.void_coverage(coverage_id=row.pk, reason=reason, by=self.user, at=self.at)
        )
