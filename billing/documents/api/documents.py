"""What every document answers over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents import selectors, services
from billing.documents.api import document_bodies
from billing.documents.models import Document, DocumentQuerySet, Voidable
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


def _replaced(queryset: QuerySet[Any], value: Any, user: Any) -> QuerySet[Any]:
    return queryset.filter(corrected_by__isnull=not value)


class DocumentViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    """What the kinds of document have in common."""

    document: ClassVar[type[Document]]
    client_path = "client_id"
    logged = frozenset({"list", "retrieve", "pdf"})
    reports = frozenset({"list"})
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "pdf"), BILLERS)
    inputs: ClassVar = {"create": document_bodies.DocumentIn}
    filters: ClassVar[tuple[Param, ...]] = (
        Param("client", "uuid", of_person("client_id")),
        Param("location", "uuid", "location_id"),
        Param("number"),
        Param("from_date", "date", "issued_on__gte", doc="issued on this day and later"),
        Param("to_date", "date", "issued_on__lte", doc="issued on this day and earlier"),
        Param("outdated", "bool", doc="the books or a name differ from it now"),
        Param("replaced", "bool", _replaced, doc="another document stands in its place"),
    )
    orderings: ClassVar = {"number": "number", "created_at": "created_at", "issued_on": "issued_on"}
    default_order = ("-created_at",)

    def is_past(self) -> bool:
        return self.is_over(self.query().get("to_date"))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        content = services.pdf_of(self.document, document_id=row.pk)
        return self.print_out(content, name=f"{self.object_type}-{row.number}", sha256=row.sha256)


class VoidableViewSet(DocumentViewSet):
    """A document that may be voided."""

    document: ClassVar[type[Voidable]]
    roles: ClassVar = DocumentViewSet.roles | {"void": BILLERS}
    inputs: ClassVar = DocumentViewSet.inputs | {"void": EntryReason}
    filters = (*DocumentViewSet.filters, Param("status", choices=tuple(Voidable.Status.values)))

    def get_queryset(self) -> DocumentQuerySet:
        return selectors.documents(self.document).visible_to(self.user)

    def void(self, request: Request, pk: Any) -> Response:
        """Take it out of the count: none stands in its place. Its number and its bytes stay."""
        document, reason = self.get_object(), self.body()["reason"]
        services.void_document(document=document, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=document.pk))
