"""A course as it went, over HTTP: it shows charges, so it stands here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger import selectors
from billing.ledger.api import timeline_bodies
from kapclinic.practice.rules import BILLERS, BOOKERS, CLIENT_READERS, CLINICIANS
from kapclinic.trail.http import ClinicViewSet
from programs.models import Program
from sessions.course.selectors.timeline import timeline


class TimelineViewSet(ClinicViewSet):
    object_type = "program"
    client_path = "client_id"
    roles: ClassVar = {"timeline": CLIENT_READERS}
    outputs: ClassVar = {"timeline": timeline_bodies.TimelineOut}
    logged = frozenset({"timeline"})

    def get_queryset(self) -> QuerySet[Program]:
        found: QuerySet[Program] = Program.objects.visible_to(self.user)
        return found.select_related("location")

    def timeline(self, request: Request, pk: Any) -> Response:
        """The whole course. The front desk reads no clinical part of it, and billing neither that nor consents."""
        program, roles = self.get_object(), self.user.role_set
        desk, clinical = bool(roles & BOOKERS), bool(roles & CLINICIANS)
        found: dict[str, Any] = {**timeline(program, at=self.at, desk=desk, clinical=clinical)}
        if roles & BILLERS:
            found["charges"] = list(selectors.charges_of_program(program.pk).visible_to(self.user))
        return Response(self.represent(found))
