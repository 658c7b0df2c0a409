"""Payers over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.coverages import selectors, services
from billing.coverages.api import payer_bodies
from billing.coverages.models import Payer
from kapclinic.core.http.params import Param
from kapclinic.practice.models import Role
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin

COVERERS = BILLERS | {Role.FRONT_DESK}  # who takes the card, and who files with it


class PayerViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Payer.objects.all()
    object_type = "payer"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create"), COVERERS) | {"partial_update": BILLERS}
    inputs: ClassVar = {"create": payer_bodies.PayerIn, "partial_update": payer_bodies.PayerIn}
    output = payer_bodies.PayerOut
    filters = (Param("payer_id"),)
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("name",)
    searches = staticmethod(selectors.search_payers)
    search_doc = "words of a name, or the beginning of a payer's number"

    def create(self, request: Request) -> Response:
        return self.answer(
            services.save_payer(row=None, values=self.body(), by=self.user, at=self.at), status=201
        )

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        return self.answer(services.save_payer(row=row, values=self.given(row), by=self.user, at=self.at))
