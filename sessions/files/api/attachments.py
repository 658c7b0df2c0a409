"""A client's attachments over HTTP: sent as a form, answered as a download."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Conflict
from kapclinic.core.http.fields import Reason
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.practice.models import Client
from kapclinic.practice.rules import CLINICIANS, DIRECTOR
from kapclinic.trail.http import ClinicViewSet
from sessions.files import rules, selectors, services
from sessions.files.api import file_bodies
from sessions.files.models import Attachment


class AttachmentVoided(Conflict):
    code, title = "voided", "This file does not belong to the record"


class AttachmentViewSet(Printed, ClinicViewSet):
    """Below `clients/{id}/`: the address names the client, so a body never does."""

    object_type = "attachment"
    client_path = "client_id"
    papers = frozenset({"file"})
    logged = frozenset({"list", "retrieve", "file"})
    roles: ClassVar = dict.fromkeys(("list", "create", "retrieve", "file", "void"), CLINICIANS)
    inputs: ClassVar = {"create": file_bodies.AttachmentIn, "void": Reason}
    output = file_bodies.AttachmentOut
    filters: ClassVar = (Param("voided", "bool", lambda qs, value, user: qs.filter(void__isnull=not value)),)
    default_order = ("-created_at",)

    def get_parsers(self) -> list[BaseParser]:
        """A form alone brings a file. It is asked before the view knows its action."""
        action = getattr(self, "action", None) or self.action_map.get(str(self.request.method).lower())
        return [MultiPartParser()] if action == "create" else super().get_parsers()

    def get_queryset(self) -> QuerySet[Client]:
        found: QuerySet[Client] = Client.objects.visible_to(self.user)
        return found

    def touch(self, row: Any) -> None:
        self._touched.add(row.pk if isinstance(row, Client) else row.client_id)

    def attachment(self, attachment_id: Any) -> Attachment:
        """The row of the address, of this person."""
        rows = selectors.attachments(self.get_object().pk)
        found = rows.filter(pk=attachment_id).first()
        if found is None:
            raise Http404
        self._object_id = found.pk
        return found

    def list(self, request: Request, pk: Any) -> Response:
        page = self.paginate_queryset(self.narrowed(selectors.attachments(self.get_object().pk)))
        return self.get_paginated_response(self.represent(page, many=True))

    def create(self, request: Request, pk: Any) -> Response:
        """Keep a file with the record, sealed. What it is its bytes say, whatever its name or its sender does."""
        client, body = self.get_object(), self.body()
        row = services.attach(
            client_id=client.pk,
            content=body["file"].read(),
            file_name=body["file"].name,
            title=body["title"],
            by=self.user,
            at=self.at,
        )
        return self.answer(row, status=201)

    def retrieve(self, request: Request, pk: Any, attachment_id: Any) -> Response:
        return self.answer(self.attachment(attachment_id))

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def file(self, request: Request, pk: Any, attachment_id: Any) -> Response:
        """The file, byte for byte, as a download under a name that tells of nobody; once voided, for the director."""
        row = self.attachment(attachment_id)
        if getattr(row, "void", None) is not None and not self.user.role_set & DIRECTOR:
            raise AttachmentVoided("It was attached by mistake: only the medical director opens it.")
        content = selectors.bytes_of(row)
        response = self.hand_out(
            content, name=rules.file_name(row), media_type=row.media_type, sha256=row.sha256
        )
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def void(self, request: Request, pk: Any, attachment_id: Any) -> Response:
        """It does not belong to this record: say why."""
        row, reason = self.attachment(attachment_id), self.body()["reason"]
        services.void_attachment(attachment=row, reason=reason, by=self.user, at=self.at)
        return self.answer(self.attachment(attachment_id))
