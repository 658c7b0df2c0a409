"""Discrepancies over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.drugs import rules, services
from sessions.drugs.api import discrepancy_bodies
from sessions.drugs.models import DrugDiscrepancy


class DiscrepancyViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "drug_discrepancy"
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        **{name: move.roles for name, move in rules.DISCREPANCY_MOVES.items()},
    }
    inputs: ClassVar = {
        "explain": Reason,
        "notify": discrepancy_bodies.DrugNoticeIn,
        "file": discrepancy_bodies.Form106In,
        "close": Reason,
    }
    output = discrepancy_bodies.DiscrepancyOut
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
