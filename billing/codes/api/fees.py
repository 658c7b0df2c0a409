"""Fees over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.codes import services
from billing.codes.api import fee_bodies
from billing.codes.api.service_codes import ON, ROLES
from billing.codes.models import Fee
from kapclinic.core.http.params import Param
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class FeeViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Fee.objects.all()
    object_type = "fee"
    roles: ClassVar = ROLES
    inputs: ClassVar = {"create": fee_bodies.FeeIn, "partial_update": fee_bodies.FeePatch}
    output = fee_bodies.FeeOut
    filters = (
        Param("code", lookup="code__code"),
        Param("location", "uuid", "location_id"),
        ON,
    )
    orderings: ClassVar = {"code": "code__code", "valid_from": "valid_from"}
    default_order = ("code__code", "-valid_from")

    def get_queryset(self) -> QuerySet[Fee]:
        mine = Q(location__isnull=True) | Q(location__in=list(self.user.locations))
        found: QuerySet[Fee] = Fee.objects.filter(mine).select_related("code")
        return found

    def create(self, request: Request) -> Response:
        body = self.body()
        body["location_id"] = body.pop("location", None)
        return self.answer(services.save_fee(fee=None, values=body, by=self.user, at=self.at), status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        fee = self.matched()
        return self.answer(services.save_fee(fee=fee, values=self.given(fee), by=self.user, at=self.at))
