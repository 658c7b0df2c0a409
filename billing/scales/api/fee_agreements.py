"""Fee agreements over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.scales import selectors, services
from billing.scales.api import fee_agreement_bodies
from billing.scales.models import FeeAgreement, FeeAgreementQuerySet
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class FeeAgreementViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = FeeAgreement.objects.all()
    object_type = "fee_agreement"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "partial_update", "void"), BILLERS)
    inputs: ClassVar = {
        "create": fee_agreement_bodies.FeeAgreementIn,
        "partial_update": fee_agreement_bodies.FeeAgreementPatch,
        "void": EntryReason,
    }
    output = fee_agreement_bodies.FeeAgreementOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("scale", "uuid", "scale_id"),
        Param("on", "date", selectors.only_in_force, doc="holds on this day"),
        Param("voided", "bool", lambda qs, value, user: qs.filter(voided_at__isnull=not value)),
    )
    orderings: ClassVar = {"from_date": "from_date", "created_at": "created_at"}
    default_order = ("-from_date", "-created_at")

    def get_queryset(self) -> FeeAgreementQuerySet:
        rows: FeeAgreementQuerySet = FeeAgreement.objects.select_related("client")
        return rows.visible_to(self.user)

    def create(self, request: Request) -> Response:
        made = services.agree_fees(values=self.body(), by=self.user, at=self.at)
        return self.answer(made, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        changed = services.change_agreement(agreement=row, values=self.given(row), by=self.user, at=self.at)
        return self.answer(changed)

    def void(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        row = services.void_agreement(agreement=self.get_object(), reason=reason, by=self.user, at=self.at)
        return self.answer(row)
