"""Copies of a whole record over HTTP: asked for, looked at, stopped, and fetched for some days."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.records import services
from billing.records.api import export_bodies
from billing.records.models import ExportState, RecordExport, RecordExportQuerySet
from billing.records.selectors import exports as selectors
from kapclinic.core import scope
from kapclinic.core.errors import Conflict
from kapclinic.core.http.fields import Empty
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.http.ranges import asked_part, tell_part
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class ArchiveNotReady(Conflict):
    code, title = "file_not_ready", "There is no file of this export"


class ArchiveEnded(Conflict):
    code, title = "file_ended", "The file of this export has ended"


class RecordExportViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = RecordExport.objects.all()
    object_type = "record_export"
    client_path = "client_id"
    papers = frozenset({"file"})
    opens_by_glass = False
    logged = frozenset({"list", "retrieve", "file"})
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "file", "stop"), CLINICIANS)
    inputs: ClassVar = {"create": export_bodies.RecordExportIn, "stop": Empty}
    fresh = frozenset({"create", "file"})
    output = export_bodies.RecordExportOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("state", choices=tuple(ExportState.values)),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> RecordExportQuerySet:
        return selectors.exports().visible_to(self.user)

    @extend_schema(responses={202: export_bodies.RecordExportOut})
    def create(self, request: Request) -> Response:
        """Pack a person's record as a job: JSON, papers, attachments and a manifest, and no psychotherapy note."""
        made = services.ask_for_record(**self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=202)

    @extend_schema(
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (206, "application/zip"): OpenApiTypes.BINARY,
        }
    )
    def file(self, request: Request, pk: UUID) -> HttpResponseBase:
        """The archive, byte for byte, under a name that tells of nobody, for 14 days after it was made.

        `Range` asks for a part, as whoever was cut off does, with `If-Range` and the ETag.
        """
        export = self.get_object()
        if export.state != ExportState.DONE:
            raise ArchiveNotReady("It is there once the export is done.", state=export.state)
        if self.at >= export.expires_at or not selectors.has_file(export):
            raise ArchiveEnded("Ask for a new one.")
        part = asked_part(request, size=export.size, etag=f'"{export.sha256}"')
        start, stop = part or (0, export.size)
        content = scope.kept(selectors.archive_of(export, start=start, stop=stop))
        response = StreamingHttpResponse(content, content_type="application/zip")
        tell_part(response, part, size=export.size)
        response["Content-Disposition"] = f'attachment; filename="record-{export.pk}.zip"'
        response["Cache-Control"] = "private, no-store"
        response["ETag"] = f'"{export.sha256}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def stop(self, request: Request, pk: UUID) -> Response:
        """Stop an export that is not over, e.g. of the wrong client; what was made of it goes away."""
        self.body()
        services.stop_export(export_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())
