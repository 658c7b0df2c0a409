"""Service codes over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.codes import selectors, services
from billing.codes.api import service_code_bodies
from billing.codes.models import LineKind, ServiceCode
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin

ON = Param("on", "date", selectors.only_in_force, doc="in force on this day")
ROLES = dict.fromkeys(("list", "retrieve", "create", "partial_update"), BILLERS)


class ServiceCodeViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = ServiceCode.objects.all()
    object_type = "service_code"
    roles: ClassVar = ROLES
    inputs: ClassVar = {
        "create": service_code_bodies.ServiceCodeIn,
        "partial_update": service_code_bodies.ServiceCodePatch,
    }
    output = service_code_bodies.ServiceCodeOut
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
        return self.answer(services.save_code(row=row, values=self.given(row), by=self.user, at=self.at))
