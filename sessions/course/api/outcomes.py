"""What a program's measures say, over HTTP: for clinicians, and every read is logged (R10)."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import ClinicViewSet
from programs.models import Program
from screening.rules.instruments import WITH_TOTAL
from sessions.course.api import outcome_bodies
from sessions.course.selectors import outcomes


class OutcomeViewSet(ClinicViewSet):
    object_type = "program"
    client_path = "client_id"
    logged = frozenset({"measures_due", "outcomes"})
    paged = frozenset({"measures_due"})
    roles: ClassVar = dict.fromkeys(("measures_due", "outcomes"), CLINICIANS)
    outputs: ClassVar = {
        "measures_due": outcome_bodies.MeasureDueOut,
        "outcomes": outcome_bodies.OutcomesOut,
    }
    params: ClassVar = {"outcomes": (Param("instrument", choices=WITH_TOTAL, required=True),)}

    def get_queryset(self) -> QuerySet[Program]:
        rows = Program.objects.visible_to(self.user)
        return rows.select_related("protocol", "location")

    def measures_due(self, request: Request, pk: UUID) -> Response:
        """What the protocol asks for around each dose, given or booked, in order of time."""
        program = self.get_object()
        self.touch(program)
        found = self.paginate_queryset(outcomes.dues(program, at=self.at))
        return self.get_paginated_response(self.represent(found, many=True))

    def outcomes(self, request: Request, pk: UUID) -> Response:
        """The totals of an instrument on the axis of the doses, and what the last one says against the baseline."""
        program = self.get_object()
        self.touch(program)
        instrument = self.query()["instrument"]
        told = {"instrument": instrument, "outcome": outcomes.outcomes(program, instrument=instrument)}
        return Response(self.represent(told))
