"""Clearances over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import rules, selectors, services
from screening.api import clearance_bodies
from screening.api.filters import OF_PROGRAM
from screening.models import Clearance


class ClearanceViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "clearance"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "uphold": rules.CLEARANCE_MOVES["uphold"].roles,
        "void": rules.CLEARANCE_MOVES["void"].roles,
    }
    inputs: ClassVar = {"uphold": clearance_bodies.UpholdIn, "void": Reason}
    output = clearance_bodies.ClearanceOut
    filters = (
        *OF_PROGRAM,
        Param("decision", choices=tuple(Clearance.Decision.values)),
        Param("voided", "bool", lambda qs, value, user: qs.filter(voided_at__isnull=not value)),
    )
    orderings: ClassVar = {"valid_from": "valid_from", "expires_on": "expires_on"}
    default_order = ("-valid_from",)

    def get_queryset(self) -> QuerySet[Clearance]:
        return selectors.clearances_with_reasons().visible_to(self.user)  # type: ignore[attr-defined,no-any-return]

    def uphold(self, request: Request, pk: Any) -> Response:
        clearance = self.get_object()
        services.uphold_clearance(clearance_id=clearance.pk, **self.body(), by=self.user, at=self.at)
        return self.answer(self.get_object())

    def void(self, request: Request, pk: Any) -> Response:
        clearance = self.get_object()
        reason = self.body()["reason"]
        services.void_clearance(clearance_id=clearance.pk, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())
