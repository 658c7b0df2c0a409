"""Legal rules over HTTP: those that ship beside the clinic's own."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import DIRECTOR
from kapclinic.trail.http import ANYONE, ClinicViewSet
from programs import selectors
from programs.api import legal_rule_bodies
from programs.models import LegalRule
from programs.services import legal


class LegalRuleViewSet(ClinicViewSet):
    object_type = "legal_rule"
    roles: ClassVar = {"list": ANYONE, "retrieve": ANYONE, "create": DIRECTOR, "void": DIRECTOR}
    inputs: ClassVar = {"create": legal_rule_bodies.LegalRuleIn, "void": Reason}
    output = legal_rule_bodies.LegalRuleOut
    filters = (Param("code"), Param("jurisdiction"), Param("effect"))

    def get_queryset(self) -> QuerySet[LegalRule]:
        found: QuerySet[LegalRule] = LegalRule.objects.all()
        return found

    def list(self, request: Request) -> Response:
        wanted = self.query()
        rows = [
            rule
            for rule in selectors.legal_rules()
            if all(getattr(rule, name) == value for name, value in wanted.items())
        ]
        return self.get_paginated_response(self.represent(self.paginate_queryset(rows), many=True))

    def retrieve(self, request: Request, pk: UUID) -> Response:
        found = next((rule for rule in selectors.legal_rules() if rule.id == pk), None)
        if found is None:
            raise Http404
        return self.answer(found)

    def create(self, request: Request) -> Response:
        row = legal.add_legal_rule(values=self.body(), by=self.user, at=self.at)
        self._object_id = row.pk
        return self.answer(selectors.as_rule(row), status=201)

    def void(self, request: Request, pk: UUID) -> Response:
        reason: str = self.body()["reason"]
        row: Any = self.get_object()
        legal.void_legal_rule(rule_id=row.pk, reason=reason, by=self.user, at=self.at)
        return self.answer(selectors.as_rule(row))
