"""Safety alerts over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import rules, selectors, services
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
        "release": rules.RELEASE_MOVES["release"].roles,
    }
    inputs: ClassVar = {
        "acknowledge": safety_alert_bodies.AcknowledgeIn,
        "release": safety_alert_bodies.ReleaseIn,
    }
    output = safety_alert_bodies.SafetyAlertOut
    vital = frozenset({"acknowledge"})
    filters = (
        *OF_PROGRAM,
        Param("status", choices=tuple(SafetyAlert.Status.values), several=True),
        Param("location", "uuid", "program__location_id"),
        Param("cause", choices=tuple(SafetyAlert.Cause.values)),
        Param("holds_doses", "bool", lambda qs, value, user: selectors.that_hold(qs, value=value)),
    )
    orderings: ClassVar = {"acknowledge_by": "acknowledge_by", "created_at": "created_at"}
    default_order = ("acknowledge_by",)

    def get_queryset(self) -> QuerySet[SafetyAlert]:
        return selectors.alerts_with_releases().visible_to(self.user)  # type: ignore[attr-defined,no-any-return]

    def acknowledge(self, request: Request, pk: Any) -> Response:
        alert = self.get_object()
        action = self.body()["action"]
        services.acknowledge_alert(alert_id=alert.pk, action=action, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def release(self, request: Request, pk: Any) -> Response:
        alert = self.get_object()
        services.release_alert(alert_id=alert.pk, values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_object())
