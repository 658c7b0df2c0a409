"""Documents that clients sign, over HTTP: those that ship beside the clinic's own words."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BOOKERS, DIRECTOR
from kapclinic.trail.http import ClinicViewSet
from screening import selectors
from screening.api import consent_document_bodies
from screening.models import ConsentDocument
from screening.models.consent_documents import LANGUAGES
from screening.rules.documents import DOCUMENTS
from screening.selectors.consents import consent_document
from screening.services import consent_documents as services


class ConsentDocumentViewSet(ClinicViewSet):
    object_type = "consent_document"
    roles: ClassVar = {"list": BOOKERS, "create": DIRECTOR}
    inputs: ClassVar = {"create": consent_document_bodies.ConsentDocumentIn}
    output = consent_document_bodies.ConsentDocumentOut
    filters = (
        Param("document", choices=tuple(DOCUMENTS)),
        Param("language", choices=LANGUAGES),
    )

    def get_queryset(self) -> QuerySet[ConsentDocument]:
        found: QuerySet[ConsentDocument] = ConsentDocument.objects.all()
        return found

    def list(self, request: Request) -> Response:
        wanted = self.query()
        rows = [
            text
            for text in selectors.consent_documents(user=self.user, at=self.at)
            if all(getattr(text, name) == value for name, value in wanted.items())
        ]
        return self.get_paginated_response(self.represent(self.paginate_queryset(rows), many=True))

    def create(self, request: Request) -> Response:
        row: Any = services.add_consent_document(values=self.body(), by=self.user, at=self.at)
        self._object_id = row.pk
        return self.answer(consent_document(row, user=self.user, at=self.at), status=201)
