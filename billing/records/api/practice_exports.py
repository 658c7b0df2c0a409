"""Exports of the whole practice over HTTP: asked for, decided by another person, and fetched for some days."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.records.api import practice_export_bodies as bodies
from billing.records.api.exports import ArchiveEnded, ArchiveNotReady
from billing.records.models import PracticeExport, PracticeExportQuerySet, PracticeExportState
from billing.records.rules.practice_exports import LEADERS
from billing.records.selectors import practice_exports as selectors
from billing.records.services import practice_asking as services
from kapclinic.core import scope
from kapclinic.core.http.fields import Empty
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.http.ranges import asked_part, tell_part
from kapclinic.practice.rules import ADMIN, DIRECTOR
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class PracticeExportViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = PracticeExport.objects.all()
    object_type = "practice_export"
    client_path = "client"  # it names nobody, and each look at it is logged all the same
    papers = frozenset({"file"})
    logged = frozenset({"list", "retrieve", "file"})
    roles: ClassVar = (
        dict.fromkeys(("list", "retrieve", "file", "stop"), LEADERS)
        | dict.fromkeys(("approve", "refuse"), DIRECTOR)
        | {"create": ADMIN}
    )
    inputs: ClassVar = {
        "create": bodies.ReasonIn,
        "approve": Empty,
        "refuse": bodies.ReasonIn,
        "stop": Empty,
    }
    fresh = frozenset({"create", "approve", "file"})
    output = bodies.PracticeExportOut
    filters = (Param("state", choices=tuple(PracticeExportState.values)),)
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> PracticeExportQuerySet:
        return selectors.exports().visible_to(self.user)

    @extend_schema(responses={202: bodies.PracticeExportOut})
    def create(self, request: Request) -> Response:
        """Ask for the whole practice as one archive; it waits for a medical director. One at a time is open."""
        made = services.ask_for_practice(**self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=202)

    @extend_schema(responses={202: bodies.PracticeExportOut})
    def approve(self, request: Request, pk: UUID) -> Response:
        """Let an export that another person asked for be made, as a job."""
        self.body()
        services.approve_export(export_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object(), status=202)

    def refuse(self, request: Request, pk: UUID) -> Response:
        """Refuse an export that another person asked for, with the reason."""
        body = self.body()
        services.refuse_export(**body, export_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def stop(self, request: Request, pk: UUID) -> Response:
        """Stop an export that is not over; what was made of it goes away."""
        self.body()
        services.stop_export(export_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())

    @extend_schema(
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (206, "application/zip"): OpenApiTypes.BINARY,
        }
    )
    def file(self, request: Request, pk: UUID) -> HttpResponseBase:
        """The archive, byte for byte, for 14 days after it was made. No psychotherapy note, no password, no token.

        `Range` asks for a part, as whoever was cut off does, with `If-Range` and the ETag.
        """
        export = self.get_object()
        if export.state != PracticeExportState.DONE:
            raise ArchiveNotReady("It is there once the export is done.", state=export.state)
        if self.at >= export.expires_at or not selectors.has_file(export):
            raise ArchiveEnded("Ask for a new one.")
        etag, size = f'"{export.sha256}"', export.size
        part = asked_part(request, size=size, etag=etag)
        start, stop = part or (0, size)
        content = scope.kept(selectors.archive_of(export, start=start, stop=stop))
        response = StreamingHttpResponse(content, content_type="application/zip")
        tell_part(response, part, size=size)
        response["Content-Disposition"] = f'attachment; filename="practice-{export.pk}.zip"'
        response["Cache-Control"] = "private, no-store"
        response["ETag"] = etag
        response["X-Content-Type-Options"] = "nosniff"
        return response
