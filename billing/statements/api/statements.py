"""Statements over HTTP."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.documents.api.documents import DocumentViewSet
from billing.documents.models import DocumentQuerySet
from billing.statements import selectors, services
from billing.statements.api import statement_bodies
from billing.statements.models import Statement


class StatementViewSet(DocumentViewSet):
    queryset = Statement.objects.all()
    document = Statement
    object_type = "statement"
    reports = frozenset()  # the newest is what somebody waits for
    inputs: ClassVar = {"create": statement_bodies.StatementIn}
    output = statement_bodies.StatementOut

    def get_queryset(self) -> DocumentQuerySet:
        return selectors.statements().visible_to(self.user)

    def create(self, request: Request) -> Response:
        made = services.issue_statement(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
