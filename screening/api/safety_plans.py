"""Safety plans over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import services
from screening.api import safety_plan_bodies
from screening.models import SafetyPlan


class SafetyPlanViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "safety_plan"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "void"), CLINICIANS)
    inputs: ClassVar = {"create": safety_plan_bodies.SafetyPlanIn, "void": Reason}
    output = safety_plan_bodies.SafetyPlanOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("voided", "bool", lambda qs, value, user: qs.filter(void__isnull=not value)),
    )
    orderings: ClassVar = {"made_on": "made_on", "created_at": "created_at"}
    default_order = ("-made_on", "-created_at")

    def get_queryset(self) -> QuerySet[SafetyPlan]:
        return SafetyPlan.objects.visible_to(self.user).select_related("void")

    def create(self, request: Request) -> Response:
        plan = services.record_safety_plan(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=plan.pk), status=201)

    def void(self, request: Request, pk: Any) -> Response:
        plan = self.get_object()
        reason = self.body()["reason"]
        services.void_safety_plan(plan=plan, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())
