"""Estimates over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.estimates import selectors, services
from billing.estimates.api import estimate_bodies
from billing.estimates.models import Estimate, EstimateQuerySet
from billing.estimates.selectors.proposals import propose
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from programs.selectors import programs_with_relations

ACTIONS = ("list", "retrieve", "create", "issue", "void", "pdf", "proposed")


class EstimateViewSet(Printed, ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Estimate.objects.all()
    object_type = "estimate"
    client_path = "client_id"
    logged = frozenset({"list", "retrieve", "pdf", "proposed"})
    roles: ClassVar = dict.fromkeys(ACTIONS, BILLERS)
    inputs: ClassVar = {
        "create": estimate_bodies.EstimateIn,
        "issue": estimate_bodies.IssueIn,
        "void": EntryReason,
    }
    output = estimate_bodies.EstimateOut
    outputs: ClassVar = {
        "list": estimate_bodies.EstimateRowOut,
        "proposed": estimate_bodies.ProposalOut,
    }
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("program", "uuid", "program_id"),
        Param("location", "uuid", "location_id"),
        Param("number"),
        Param("status", choices=tuple(Estimate.Status.values)),
        Param("from_date", "date", "due_on__gte", doc="due on this day and later"),
        Param("to_date", "date", "due_on__lte", doc="due on this day and earlier"),
    )
    params: ClassVar = {"proposed": (Param("program", "uuid", required=True),)}
    orderings: ClassVar = {"number": "number", "created_at": "created_at", "due_on": "due_on"}
    default_order = ("-created_at",)

    def get_queryset(self) -> EstimateQuerySet:
        return selectors.estimates().visible_to(self.user)

    def _shown(self, row: Estimate, *, status: int = 200) -> Response:
        found: Any = self.get_queryset().get(pk=row.pk)
        found.excesses = selectors.excesses_of(found)
        return self.answer(found, status=status)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._shown(self.get_object())

    def create(self, request: Request) -> Response:
        made = services.ask_estimate(values=self.body(), by=self.user, at=self.at)
        return self._shown(made, status=201)

    def issue(self, request: Request, pk: Any) -> Response:
        body = self.body()
        made = services.issue_estimate(estimate=self.get_object(), **body, by=self.user, at=self.at)
        return self._shown(made)

    def void(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        made = services.void_estimate(estimate=self.get_object(), reason=reason, by=self.user, at=self.at)
        return self._shown(made)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def pdf(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        content, sha256 = services.pdf_of(row)
        return self.print_out(content, name=f"estimate-{row.number}", sha256=sha256)

    def proposed(self, request: Request) -> Response:
        """What an estimate of this course would list: its remaining sessions, at the fees of the day. Keeps nothing."""
        rows = programs_with_relations().filter(location__in=list(self.user.locations))
        program = rows.filter(pk=self.query()["program"]).first()
        if program is None:
            raise Http404
        self.touch(program)
        return Response(self.represent(propose(program=program, at=self.at)))
