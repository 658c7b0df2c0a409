"""Checks over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS, DIRECTOR, NURSES
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.monitoring import selectors, services
from sessions.monitoring.api import check_bodies
from sessions.monitoring.models import Check


class CheckViewSet(ListMixin, RetrieveMixin, InSession):
    object_type = "check"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "not_taken": NURSES}
    late_roles: ClassVar = {"not_taken": DIRECTOR}
    inputs: ClassVar = {"not_taken": check_bodies.NotTakenIn}
    output = check_bodies.CheckOut
    filters = (
        Param("state", lookup="shown", choices=tuple(Check.State.values)),
        Param("kind", choices=tuple(Check.Kind.values)),
    )
    default_order = ("planned_at",)

    def get_queryset(self) -> QuerySet[Check]:
        limits = self.session.program.protocol.limits
        return selectors.checks_at(session_id=self.session.pk, limits=limits, at=self.at)

    def not_taken(self, request: Request, session_id: Any, pk: Any) -> Response:
        check = self.get_object()
        body = self.body()
        skipped = services.skip_check(
            check_id=check.pk,
            reason=body["reason"],
            moment=body.get("at", self.at),
            override_reason=body["override_reason"],
            by=self.user,
            at=self.at,
        )
        return self.answer(skipped)
