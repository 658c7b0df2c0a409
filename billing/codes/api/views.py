"""Service codes and fees over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.codes import selectors, services
from billing.codes.api import serializers as s
from billing.codes.models import Fee, LineKind, ServiceCode
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin

ON = Param("on", "date", selectors.only_in_force, doc="in force on this day")
ROLES = dict.fromkeys(("list", "retrieve", "create", "partial_update"), BILLERS)


class ServiceCodeViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = ServiceCode.objects.all()
    object_type = "service_code"
    roles: ClassVar = ROLES
    inputs: ClassVar = {"create": s.ServiceCodeIn, "partial_update": s.ServiceCodePatch}
    output = s.ServiceCodeOut
    filters = (
        Param("code"),
        Param("system", choices=tuple(ServiceCode.System.values)),
        Param("line_kind", choices=tuple(LineKind.values)),
        Param("active", "bool"),
        ON,
    )
    orderings: ClassVar = {"code": "code", "created_at": "created_at"}
    default_order = ("code",)
    searches = staticmethod(selectors.search_codes)
    search_doc = "the beginning of a code, or words of a label"

    def create(self, request: Request) -> Response:
        return self.answer(
            services.save_code(row=None, values=self.body(), by=self.user, at=self.at), status=201
        )

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        return self.answer(services.save_code(row=row, values=self.given(), by=self.user, at=self.at))


class FeeViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Fee.objects.all()
    object_type = "fee"
    roles: ClassVar = ROLES
    inputs: ClassVar = {"create": s.FeeIn, "partial_update": s.FeePatch}
    output = s.FeeOut
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
        return self.answer(services.save_fee(fee=fee, values=self.given(), by=self.user, at=self.at))
