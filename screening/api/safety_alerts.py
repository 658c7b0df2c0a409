"""Safety alerts over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import rules, services
from screening.api import safety_alert_bodies
from screening.api.filters import OF_PROGRAM
from screening.models import SafetyAlert


class SafetyAlertViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "safety_alert"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "acknowledge": rules.ALERT_MOVES["acknowledge"].roles,
    }
    inputs: ClassVar = {"acknowledge": safety_alert_bodies.AcknowledgeIn}
    output = safety_alert_bodies.SafetyAlertOut
    filters = (
        *OF_PROGRAM,
        Param("status", choices=tuple(SafetyAlert.Status.values), several=True),
        Param("location", "uuid", "program__location_id"),
        Param("cause", choices=tuple(SafetyAlert.Cause.values)),
    )
    orderings: ClassVar = {"acknowledge_by": "acknowledge_by", "created_at": "created_at"}
    default_order = ("acknowledge_by",)

    def get_queryset(self) -> QuerySet[SafetyAlert]:
        rows = SafetyAlert.objects.visible_to(self.user)
        return rows.select_related("program")

    def acknowledge(self, request: Request, pk: Any) -> Response:
        alert = self.get_object()
        action = self.body()["action"]
        return self.answer(
            services.acknowledge_alert(alert_id=alert.pk, action=action, by=self.user, at=self.at)
        )
