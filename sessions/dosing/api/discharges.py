"""The discharge and its sheet over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import paper
from kapclinic.core.http.papers import Printed
from kapclinic.practice.rules import BOOKERS, CLINICIANS, DIRECTOR, NURSES
from sessions.booking.http import InSession
from sessions.dosing import services, sheets
from sessions.dosing.api import discharge_bodies as s
from sessions.dosing.models import Discharge


class DischargeViewSet(Printed, InSession):
    object_type = "discharge"
    roles: ClassVar = {"retrieve": CLINICIANS, "create": NURSES, "sheet": BOOKERS}
    late_roles: ClassVar = {"create": DIRECTOR}
    inputs: ClassVar = {"create": s.DischargeIn}
    output = s.DischargeOut
    logged = frozenset({"retrieve", "sheet"})
    papers = frozenset({"sheet"})

    def get_queryset(self) -> QuerySet[Discharge]:
        return Discharge.objects.filter(session=self.session)

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        return self.answer(get_object_or_404(self.get_queryset()))

    def create(self, request: Request, session_id: UUID) -> Response:
        row = services.discharge_client(session_id=session_id, **self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def sheet(self, request: Request, session_id: UUID) -> Response:
        """What the client was given: instructions and times only, so that the front desk may print it too."""
        row = get_object_or_404(self.get_queryset().exclude(sheet={}))
        content = sheets.pdf_of(row)
        return self.print_out(content, name=f"discharge-{row.pk}", sha256=paper.fingerprint(content))
