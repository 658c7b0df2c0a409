"""Tests over HTTP."""

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
from screening.api import lab_result_bodies
from screening.models import LabResult
from screening.models.labs import LabKind, LabWord
from screening.selectors.labs import shown_labs


class LabResultViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "lab_result"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "void"), CLINICIANS)
    inputs: ClassVar = {"create": lab_result_bodies.LabResultIn, "void": Reason}
    output = lab_result_bodies.LabResultOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("kind", choices=tuple(LabKind.values)),
        Param("result", choices=tuple(LabWord.values)),
        Param("voided", "bool", lambda qs, value, user: qs.filter(void__isnull=not value)),
    )
    orderings: ClassVar = {"taken_at": "taken_at", "created_at": "created_at"}
    default_order = ("-taken_at", "-created_at")

    def get_queryset(self) -> QuerySet[LabResult]:
        return shown_labs(self.user)

    def create(self, request: Request) -> Response:
        """One result. A positive pregnancy test or drug screen suspends the client's clearances."""
        row = services.record_lab_result(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=row.pk), status=201)

    def void(self, request: Request, pk: Any) -> Response:
        """Recorded in error: say why. To correct one, void it and record it anew."""
        row, reason = self.get_object(), self.body()["reason"]
        services.void_lab_result(lab_result=row, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())
