"""The evidence of a dosing session over HTTP: as it stands now, and as it was frozen."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.papers import Printed
from kapclinic.core.paper import fingerprint
from kapclinic.practice.rules import CLINICIANS
from sessions.booking.http import InSession
from sessions.evidence import page, selectors, services
from sessions.evidence.api.evidence_bodies import BundleOut, EvidenceOut, FrozenOut
from sessions.evidence.models import EvidenceBundle


class EvidenceViewSet(Printed, InSession):
    """One session's evidence. The ETag is the hash of the bytes."""

    object_type = "evidence"
    papers = frozenset({"pdf", "frozen_pdf"})
    logged = frozenset({"live", "pdf", "retrieve", "frozen_pdf"})
    roles: ClassVar = {
        **dict.fromkeys(("live", "pdf", "retrieve", "frozen_pdf"), CLINICIANS),
        "create": services.FREEZERS,
    }
    inputs: ClassVar = {"create": Empty}
    outputs: ClassVar = {"live": EvidenceOut, "create": BundleOut, "retrieve": FrozenOut}

    def get_queryset(self) -> QuerySet[EvidenceBundle]:
        return EvidenceBundle.objects.visible_to(self.user).filter(session=self.session)

    def live(self, request: Request, session_id: UUID) -> Response:
        made = selectors.put_together(session_id=session_id)
        whole = {
            "sha256": made.sha256,
            "content": made.content,
            "frozen": selectors.frozen(session_id=session_id),
        }
        return Response(self.represent(whole), headers={"ETag": f'"{made.sha256}"'})

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, session_id: UUID) -> Response:
        made = selectors.put_together(session_id=session_id)
        pdf = page.print_page(made.content, sha256=made.sha256)
        return self.print_out(pdf, name=f"evidence-{session_id}", sha256=fingerprint(pdf))

    def create(self, request: Request, session_id: UUID) -> Response:
        """201 with a new bundle; 200 with the last one when nothing has changed since."""
        self.body()
        bundle, new = services.freeze(session_id=session_id, by=self.user, at=self.at)
        return self.answer(bundle, status=201 if new else 200)

    def retrieve(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        bundle = self.get_object()
        response = self.answer(bundle)
        response["ETag"] = f'"{bundle.sha256}"'
        return response

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def frozen_pdf(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        bundle = self.get_object()
        name = f"evidence-{session_id}-{bundle.sequence}"
        return self.print_out(bytes(bundle.pdf), name=name, sha256=bundle.pdf_sha256)
