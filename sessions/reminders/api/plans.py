"""Reminder plans over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.etags import require_match
from kapclinic.core.http.params import Param
from kapclinic.practice.models import Location, Role
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from sessions.reminders import selectors, services
from sessions.reminders.api import plan_bodies
from sessions.reminders.models import ReminderPlan
from sessions.reminders.rules import PLANNERS


class ReminderPlanViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """One plan per location, under the location's id; there is nothing to create."""

    object_type = "reminder_plan"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "update": PLANNERS,
        "partial_update": PLANNERS,
    }
    inputs: ClassVar = {"update": plan_bodies.ReminderPlanIn, "partial_update": plan_bodies.ReminderPlanIn}
    output = plan_bodies.ReminderPlanOut
    filters = (Param("location", "uuid", "pk"),)
    default_order = ("created_at",)

    def get_queryset(self) -> QuerySet[Location]:
        """Of one's own locations; an administrator, who may be of none, keeps the plans of all."""
        places: QuerySet[Location] = Location.objects.all()
        if Role.ADMIN in self.user.role_set:
            return places
        return places.filter(pk__in=list(self.user.locations))

    def rows(self, page: list[Any]) -> list[Any]:
        return super().rows(list(selectors.plans_of(page).values()))

    def get_object(self) -> ReminderPlan:
        return self._plan(self.get_queryset())

    def _plan(self, places: QuerySet[Location]) -> ReminderPlan:
        place = places.filter(pk=self.kwargs["pk"]).first()
        if place is None:
            raise Http404
        return selectors.plans_of([place])[place.pk]

    def locked(self) -> ReminderPlan:
        """The plan, under the lock of its location: the first change makes the row."""
        return self._plan(self.get_queryset().select_for_update(no_key=True))

    def update(self, request: Request, pk: Any) -> Response:
        plan = self.locked()
        if "If-Match" in request.headers:
            require_match(request, plan)
        return self.answer(services.save_plan(plan=plan, values=self.body(), by=self.user, at=self.at))

    def partial_update(self, request: Request, pk: Any) -> Response:
        plan = self.locked()
        require_match(request, plan)
        return self.answer(services.save_plan(plan=plan, values=self.given(plan), by=self.user, at=self.at))
