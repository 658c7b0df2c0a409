"""Time off of one staff member over HTTP. It stands here because it may not break what is booked."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice import services as practice
from kapclinic.practice.api.time_off_bodies import TimeOffIn, TimeOffOut
from kapclinic.practice.models import Role, TimeOff, User
from kapclinic.practice.rules import ABSENCE_ROLES
from kapclinic.trail.http import ANYONE, ClinicViewSet
from sessions.absences import services

CANCELLED = (Param("cancelled", "bool", doc="those that were cancelled, in place of the others"),)


class TimeOffViewSet(ClinicViewSet):
    """Who is away: for their own locations, which also say so, and for the administrator.

    Over a booked session it is refused: `absences/` keeps the time off together with the moves.
    """

    object_type = "time_off"
    roles: ClassVar = {"list": ANYONE, "create": ABSENCE_ROLES, "cancel": ABSENCE_ROLES}
    inputs: ClassVar = {"create": TimeOffIn, "cancel": Reason}
    output = TimeOffOut
    params: ClassVar = {"list": CANCELLED}

    def get_queryset(self) -> QuerySet[Any]:
        if self.action != "cancel":
            return self._staff()
        found: QuerySet[TimeOff] = TimeOff.objects.filter(
            user__in=self._staff(), user_id=self.kwargs["staff_id"]
        )
        return found

    def _staff(self) -> QuerySet[User]:
        """Whose time off the actor may know."""
        staff: QuerySet[User] = User.objects.all()
        if Role.ADMIN not in self.user.role_set:
            staff = staff.filter(locations__overlap=list(self.user.locations))
        return staff

    def list(self, request: Request, pk: UUID) -> Response:
        return self._page(TimeOff.objects.filter(user=self.get_object()))

    def _page(self, rows: QuerySet[TimeOff]) -> Response:
        kept = rows.filter(cancelled_at__isnull=not self.query().get("cancelled", False))
        page = self.paginate_queryset(kept.order_by("starts_at", "pk"))
        return self.get_paginated_response(self.represent(page, many=True))

    def create(self, request: Request, pk: UUID) -> Response:
        row = services.add_time_off(user=self.get_object(), **self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    def cancel(self, request: Request, staff_id: UUID, pk: UUID) -> Response:
        row = practice.cancel_time_off(
            time_off_id=self.get_object().pk, reason=self.body()["reason"], by=self.user, at=self.at
        )
        return self.answer(row)


class AwayViewSet(TimeOffViewSet):
    """Everybody's in one list, the next first: who is away."""

    params: ClassVar = {
        "list": (
            Param("location", "uuid", doc="of those who work there"),
            Param("from", "datetime", doc="those that end after it"),
            *CANCELLED,
        )
    }

    def list(self, request: Request) -> Response:  # type: ignore[override]  # of nobody in particular
        query, staff = self.query(), self._staff()
        if "location" in query:
            staff = staff.filter(locations__contains=[query["location"]])
        rows = TimeOff.objects.filter(user__in=staff)
        return self._page(rows.filter(ends_at__gt=query["from"]) if "from" in query else rows)
