"""Imports over HTTP: sent as a form, looked at, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import ADMIN
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.imports import rules, selectors, services
from sessions.imports.api import import_bodies
from sessions.imports.api.reading import read
from sessions.imports.models import Import, ImportKind, ImportQuerySet, ImportState


class ImportViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Import.objects.all()
    object_type = "import"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "undo"), ADMIN)
    inputs: ClassVar = {"create": import_bodies.ImportIn, "undo": Reason}
    output = import_bodies.ImportOut
    filters = (
        Param("kind", choices=tuple(ImportKind.values)),
        Param("state", choices=tuple(ImportState.values)),
    )
    params: ClassVar = {
        "create": (
            Param("dry_run", "bool", doc="true: each row is tried, and nothing of it stays but the report"),
        )
    }
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_parsers(self) -> list[BaseParser]:
        """A form alone brings a file. It is asked before the view knows its action."""
        action = getattr(self, "action", None) or self.action_map.get(str(self.request.method).lower())
        return [MultiPartParser()] if action == "create" else super().get_parsers()

    def get_queryset(self) -> ImportQuerySet:
        return selectors.imports().visible_to(self.user)

    @extend_schema(responses={202: import_bodies.ImportOut})
    def create(self, request: Request) -> Response:
        """Bring in the rows of a file, all or none, as a job; `errors` of the answer tell of each row that was refused.

        What can't be read is refused at once, cell by cell (`/rows/7/phone`), and the same file twice is 409
        `imported_before` unless it was undone.
        """
        body = self.body()
        content = body["file"].read()
        if len(content) > rules.MOST_BYTES:
            raise Invalid.field("file", "A file may hold 10 MB at most.", code="too_large")
        rows = read(content, body["kind"], zones=self._zones, context=self.get_serializer_context())
        made = services.ask_to_import(
            kind=body["kind"],
            content=content,
            rows=rows,
            dry_run=self.query().get("dry_run", False),
            by=self.user,
            at=self.at,
        )
        return self.answer(self.get_queryset().get(pk=made.pk), status=202)

    def _zones(self, programs: set[UUID]) -> Mapping[UUID, ZoneInfo]:
        return selectors.zones_of(programs, user=self.user)

    @extend_schema(responses={202: import_bodies.ImportOut})
    def undo(self, request: Request, pk: UUID) -> Response:
        """Take back all that came in, while nothing hangs on it; else 409 `in_use`: `hanging` rows do."""
        row, reason = self.get_object(), self.body()["reason"]
        services.ask_to_undo(import_id=row.pk, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object(), status=202)
