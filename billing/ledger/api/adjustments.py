"""Adjustments over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import selectors
from billing.ledger.api import adjustment_bodies
from billing.ledger.api.charges import STATUS
from billing.ledger.models import Adjustment, AdjustmentQuerySet, AdjustmentReason
from billing.ledger.services import adjustments
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class AdjustmentViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Adjustment.objects.all()
    object_type = "adjustment"
    created = frozenset({"create", "reverse"})
    client_path = "charge.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "reverse"), BILLERS)
    inputs: ClassVar = {"create": adjustment_bodies.AdjustmentIn, "reverse": EntryReason}
    output = adjustment_bodies.AdjustmentOut
    filters = (
        Param("charge", "uuid", "charge_id"),
        Param("client", "uuid", of_person("charge__client_id")),
        Param("location", "uuid", "charge__location_id"),
        Param("reason", choices=tuple(AdjustmentReason.values)),
        STATUS,
    )
    orderings: ClassVar = {"created_at": "created_at", "amount": "amount"}
    default_order = ("-created_at",)

    def get_queryset(self) -> AdjustmentQuerySet:
        return selectors.adjustments().visible_to(self.user)

    def create(self, request: Request) -> Response:
        made = adjustments.adjust_charge(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)

    def reverse(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        made = adjustments.reverse_adjustment(
            adjustment=self.get_object(), reason=reason, by=self.user, at=self.at
        )
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
