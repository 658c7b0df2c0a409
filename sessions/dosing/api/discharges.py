"""The discharge and its sheet over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import paper
from kapclinic.core.http.papers import Printed
from kapclinic.practice.rules import BOOKERS, CLINICIANS, DIRECTOR, NURSES
from sessions.booking.http import InSession
from sessions.dosing import services, sheets
from sessions.dosing.api import discharge_bodies as s
from sessions.dosing.models import Discharge
from sessions.dosing.selectors.leaving import criteria_now, criteria_of


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

    @extend_schema(
        responses=PolymorphicProxySerializer(
            "DischargeOrCriteria", [s.DischargeOut, s.CriteriaOut], resource_type_field_name=None
        )
    )
    def retrieve(self, request: Request, session_id: UUID) -> Response:
        """The discharge, with its criteria as they stood; before it is posted, how each criterion stands now.

        404 while nobody with a dose is here.
        """
        row = self.get_queryset().first()
        if row is not None:
            row.criteria = criteria_of(row)  # type: ignore[attr-defined]
            return self.answer(row)
        found = criteria_now(self.session, at=self.at)
        if found is None:
            raise Http404
        self.touch(self.session)
        shown = {"session": self.session.pk, "at": self.at, "criteria": found}
        return Response(s.CriteriaOut(shown).data)

    def create(self, request: Request, session_id: UUID) -> Response:
        row = services.discharge_client(session_id=session_id, **self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def sheet(self, request: Request, session_id: UUID) -> Response:
        """What the client was given: instructions and times only, so that the front desk may print it too."""
        row = get_object_or_404(self.get_queryset().exclude(sheet={}))
        content = sheets.pdf_of(row)
        return self.print_out(content, name=f"discharge-{row.pk}", sha256=paper.fingerprint(content))
