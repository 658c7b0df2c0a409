"""Superbills and receipts over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents import selectors, services
from billing.documents.api import serializers as s
from billing.documents.models import Document, DocumentQuerySet, Receipt, Superbill
from kapclinic.core.http.params import Param
from kapclinic.core.http.renderers import dumps
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class PdfRenderer(BaseRenderer):
    """Bytes as they are; a refusal at the same address is still a problem in JSON."""

    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return data if isinstance(data, bytes) else dumps(data)


class DocumentViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """What the kinds of document have in common."""

    document: ClassVar[type[Document]]
    client_path = "client_id"
    logged = frozenset({"list", "retrieve", "pdf"})
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "pdf"), BILLERS)
    inputs: ClassVar = {"create": s.DocumentIn}
    filters = (
        Param("client", "uuid", "client_id"),
        Param("location", "uuid", "location_id"),
        Param("number"),
        Param("from_date", "date", "issued_on__gte", doc="issued on this day and later"),
        Param("to_date", "date", "issued_on__lte", doc="issued on this day and earlier"),
        Param("outdated", "bool", doc="a line was reversed since"),
    )
    orderings: ClassVar = {"number": "number", "created_at": "created_at", "issued_on": "issued_on"}
    default_order = ("-created_at",)

    def get_queryset(self) -> DocumentQuerySet:
        return selectors.documents(self.document).visible_to(self.user)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        if self.action == "pdf":  # a PDF is all that is here, whatever the browser would rather have
            return PdfRenderer(), PdfRenderer.media_type
        return super().perform_content_negotiation(request, force)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        response = Response(
            services.pdf_of(self.document, document_id=row.pk), content_type=PdfRenderer.media_type
        )
        response["Content-Disposition"] = f'inline; filename="{self.object_type}-{row.number}.pdf"'
        response["Cache-Control"] = "private, no-store"
        response["ETag"] = f'"{row.sha256}"'
        return response


class SuperbillViewSet(DocumentViewSet):
    queryset = Superbill.objects.all()
    document = Superbill
    object_type = "superbill"
    output = s.SuperbillOut

    def create(self, request: Request) -> Response:
        made = services.issue_superbill(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)


class ReceiptViewSet(DocumentViewSet):
    queryset = Receipt.objects.all()
    document = Receipt
    object_type = "receipt"
    output = s.ReceiptOut

    def create(self, request: Request) -> Response:
        made = services.issue_receipt(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
