"""Screenings over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from screening import rules, selectors, services
from screening.api import screening_bodies
from screening.api.filters import OF_PROGRAM
from screening.models import Screening
from screening.rules.conditions import CONDITIONS


class ScreeningViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "screening"
    client_path = "program.client_id"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": CLINICIANS,
        "partial_update": CLINICIANS,
        "submit": rules.SCREENING_MOVES["submit"].roles,
        "decide": PRESCRIBER,
        "conditions": CLINICIANS,
    }
    inputs: ClassVar = {
        "create": screening_bodies.ScreeningIn,
        "partial_update": screening_bodies.ScreeningPatch,
        "submit": Empty,
        "decide": screening_bodies.DecideIn,
    }
    output = screening_bodies.ScreeningOut
    outputs: ClassVar = {"conditions": screening_bodies.ConditionOut}
    filters = (*OF_PROGRAM, Param("status", choices=tuple(Screening.Status.values)))
    paged = frozenset({"list", "conditions"})
    orderings: ClassVar = {"created_at": "created_at", "submitted_at": "submitted_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Screening]:
        rows = selectors.screenings_with_findings().visible_to(self.user)  # type: ignore[attr-defined]
        if self.action == "partial_update":
            rows = rows.select_related("program__protocol").select_for_update(of=("self",))
        return rows  # type: ignore[no-any-return]

    def create(self, request: Request) -> Response:
        screening = services.create_screening(values=self.body(), by=self.user, at=self.at)
        return self.answer(screening, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        screening = self.matched()
        values = self.given(screening)
        return self.answer(
            services.change_screening(screening=screening, values=values, by=self.user, at=self.at)
        )

    def submit(self, request: Request, pk: Any) -> Response:
        self.body()
        services.submit_screening(screening_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def decide(self, request: Request, pk: Any) -> Response:
        screening = self.get_object()
        body = self.body()
        body.setdefault("resolutions", [])
        services.decide_screening(screening_id=screening.pk, **body, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def conditions(self, request: Request) -> Response:
        """The conditions that a screening asks about, with what a yes would mean."""
        self.query()
        return self.get_paginated_response(
            self.represent(self.paginate_queryset(list(CONDITIONS.values())), many=True)
        )
