"""The REMS record over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.paper import fingerprint
from kapclinic.practice.rules import DIRECTOR, NURSES
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin
from sessions.booking.http import InSession
from sessions.dosing.api.rems_bodies import RemsOut, RemsPatch, RemsRowOut, SubmitIn, columns, nested
from sessions.dosing.rems import page, selectors, services
from sessions.dosing.rems.models import RemsRecord

READERS = NURSES | DIRECTOR


class RemsRecordViewSet(ListMixin, ClinicViewSet):
    """What is owed to the REMS, the earliest deadline first."""

    object_type = "rems_record"
    client_path = "session.client_id"
    roles: ClassVar = {"list": READERS}
    output = RemsRowOut
    filters = (
        Param("state", choices=tuple(RemsRecord.State.values)),
        Param("location", "uuid", "session__location_id"),
        Param("client", "uuid", of_person("session__client_id")),
        Param("owed", "bool", doc="an esketamine dose of the session stands"),
    )
    orderings: ClassVar = {"due_at": "due_at", "created_at": "created_at", "submitted_at": "submitted_at"}
    default_order = ("due_at",)

    def get_queryset(self) -> QuerySet[RemsRecord]:
        return selectors.records().visible_to(self.user)


class RemsViewSet(Printed, InSession):
    """One session's record."""

    object_type = "rems_record"
    logged = frozenset({"retrieve", "pdf"})
    roles: ClassVar = {
        **dict.fromkeys(("retrieve", "pdf"), READERS),
        **dict.fromkeys(("partial_update", "submit"), NURSES),
    }
    inputs: ClassVar = {"partial_update": RemsPatch, "submit": SubmitIn}
    output = RemsOut

    def get_queryset(self) -> QuerySet[RemsRecord]:
        return selectors.records().filter(session=self.session)

    def get_object(self) -> RemsRecord:
        record = self.get_queryset().first()
        if record is None:
            raise Http404
        self.touch(record)
        return record

    def present(self, row: RemsRecord, name: str) -> Mapping[str, Any]:
        return nested(row, name)

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        return self.answer(self.get_object())

    def partial_update(self, request: Request, session_id: UUID) -> Response:
        record = self.matched()
        services.write(record_id=record.pk, values=columns(self.given(record)), by=self.user, at=self.at)
        return self.answer(self.get_object())

    def submit(self, request: Request, session_id: UUID) -> Response:
        services.submit(record_id=self.get_object().pk, **self.body(), by=self.user, at=self.at)
        return self.answer(self.get_object())

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, session_id: UUID) -> Response:
        record = self.get_object()
        pdf = page.print_form(record)
        return self.print_out(pdf, name=f"rems-{session_id}", sha256=fingerprint(pdf))
