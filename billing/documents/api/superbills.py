"""Superbills over HTTP."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents import services
from billing.documents.api import superbill_bodies
from billing.documents.api.documents import DocumentViewSet
from billing.documents.models import Superbill


class SuperbillViewSet(DocumentViewSet):
    queryset = Superbill.objects.all()
    document = Superbill
    object_type = "superbill"
    output = superbill_bodies.SuperbillOut

    def create(self, request: Request) -> Response:
        made = services.issue_superbill(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
