"""Medications over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import selectors, services
from screening.api import medication_bodies
from screening.models import Medication


class MedicationViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "medication"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "partial_update"), CLINICIANS) | {
        "map": PRESCRIBER
    }
    inputs: ClassVar = {
        "create": medication_bodies.MedicationIn,
        "partial_update": medication_bodies.MedicationPatch,
        "map": medication_bodies.MedicationMapIn,
    }
    output = medication_bodies.MedicationOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("is_mapped", "bool"),
        Param("list_edition", "text"),
        Param("active", "bool", lambda qs, value, user: qs.filter(ended_at__isnull=value)),
    )
    orderings: ClassVar = {"created_at": "created_at", "text": "text"}
    default_order = ("created_at",)

    def get_queryset(self) -> QuerySet[Medication]:
        rows = selectors.medications_with_mappings(Medication.objects.visible_to(self.user))
        return rows.select_for_update() if self.action == "partial_update" else rows

    def create(self, request: Request) -> Response:
        row = services.record_medication(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=row.pk), status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        row = self.matched()
        return self.answer(
            services.change_medication(medication=row, values=self.given(row), by=self.user, at=self.at)
        )

    def map(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        services.map_medication(medication_id=row.pk, values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=row.pk))
