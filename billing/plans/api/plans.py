"""Payment plans over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.plans import selectors, services
from billing.plans.api import plan_bodies
from billing.plans.models import PaymentPlan, PlanQuerySet
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class PaymentPlanViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = PaymentPlan.objects.all()
    object_type = "payment_plan"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "cancel"), BILLERS)
    inputs: ClassVar = {"create": plan_bodies.PaymentPlanIn, "cancel": EntryReason}
    output = plan_bodies.PaymentPlanOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("location", "uuid", "location_id"),
        Param("status", choices=tuple(PaymentPlan.Status.values)),
    )
    orderings: ClassVar = {"created_at": "created_at", "first_due": "first_due", "total": "total"}
    default_order = ("-created_at",)

    def get_queryset(self) -> PlanQuerySet:
        return selectors.plans().visible_to(self.user)

    def rows(self, page: list[Any]) -> list[Any]:
        return super().rows(selectors.with_paid(page))

    def represent(self, row: Any, *, many: bool = False) -> Any:
        return super().represent(row if many else selectors.with_paid([row])[0], many=many)

    def create(self, request: Request) -> Response:
        made = services.agree_on_plan(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)

    def cancel(self, request: Request, pk: Any) -> Response:
        plan, reason = self.get_object(), self.body()["reason"]
        services.cancel_plan(plan_id=plan.pk, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=plan.pk))
