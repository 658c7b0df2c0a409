"""Measures over HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import services
from screening.api import measure_bodies
from screening.api.filters import OF_PROGRAM
from screening.models import Measure
from screening.rules.instruments import INSTRUMENTS


class MeasureViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "measure"
    client_path = "program.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create"), CLINICIANS)
    inputs: ClassVar = {"create": measure_bodies.MeasureIn}
    output = measure_bodies.MeasureOut
    filters = (*OF_PROGRAM, Param("instrument", choices=tuple(INSTRUMENTS)))
    orderings: ClassVar = {"taken_at": "taken_at", "created_at": "created_at"}
    default_order = ("-taken_at",)

    def get_queryset(self) -> QuerySet[Measure]:
        return Measure.objects.visible_to(self.user).select_related("program")

    def create(self, request: Request) -> Response:
        return self.answer(services.record_measure(values=self.body(), by=self.user, at=self.at), status=201)
