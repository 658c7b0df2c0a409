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
from screening import rules, services
from screening.api import clearance_bodies
from screening.api.filters import OF_PROGRAM
from screening.models import Clearance


class ClearanceViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "clearance"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "void": rules.CLEARANCE_MOVES["void"].roles,
    }
    inputs: ClassVar = {"void": Reason}
    output = clearance_bodies.ClearanceOut
    filters = (
        *OF_PROGRAM,
        Param("decision", choices=tuple(Clearance.Decision.values)),
        Param("voided", "bool", lambda qs, value, user: qs.filter(voided_at__isnull=not value)),
    )
    orderings: ClassVar = {"valid_from": "valid_from", "expires_on": "expires_on"}
    default_order = ("-valid_from",)

    def get_queryset(self) -> QuerySet[Clearance]:
        return Clearance.objects.visible_to(self.user).select_related("program")

    def void(self, request: Request, pk: Any) -> Response:
        clearance = self.get_object()
        reason = self.body()["reason"]
        return self.answer(
            services.void_clearance(clearance_id=clearance.pk, reason=reason, by=self.user, at=self.at)
        )
