"""Measures over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
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
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "void"), CLINICIANS)
    inputs: ClassVar = {"create": measure_bodies.MeasureIn, "void": Reason}
    output = measure_bodies.MeasureOut
    filters = (*OF_PROGRAM, Param("instrument", choices=tuple(INSTRUMENTS)))
    orderings: ClassVar = {"taken_at": "taken_at", "created_at": "created_at"}
    default_order = ("-taken_at",)

    def get_queryset(self) -> QuerySet[Measure]:
        return Measure.objects.visible_to(self.user).select_related("program", "void")

    def create(self, request: Request) -> Response:
        return self.answer(services.record_measure(values=self.body(), by=self.user, at=self.at), status=201)

    def void(self, request: Request, pk: UUID) -> Response:
        measure = self.get_object()
        services.void_measure(measure_id=measure.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())
