"""Proposed charges over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from billing.capture.api import proposal_bodies
from billing.capture.services import posting, proposals
from billing.ledger import selectors as ledger
from billing.ledger.models import LedgerQuerySet
from billing.ledger.services.charges import warnings_of
from kapclinic.practice.rules import BILLERS
from sessions.booking.http import InSession
from sessions.booking.models import Session


class ProposalViewSet(InSession):
    """What one session is to be charged with; POST of the same lines charges all of them, or none."""

    object_type = "proposed_charges"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("retrieve", "create"), BILLERS)
    inputs: ClassVar = {"create": proposal_bodies.ProposedLinesIn}
    outputs: ClassVar = {
        "retrieve": proposal_bodies.ProposedLinesOut,
        "create": proposal_bodies.PostedLinesOut,
    }

    def get_queryset(self) -> LedgerQuerySet:
        return ledger.charges().visible_to(self.user)

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        ((session, made),) = proposals.proposals_of(Session.objects.filter(pk=session_id))
        terms = proposals.terms_of(session, made)
        return Response(self.represent(proposal_bodies.proposal_of(made, terms)))

    def create(self, request: Request, session_id: UUID) -> Response:
        lines = self.body()["lines"]
        made = posting.post_lines(session=self.session, lines=lines, by=self.user, at=self.at)
        rows = {row.pk: row for row in self.get_queryset().filter(pk__in=[row.pk for row in made])}
        charges: list[Any] = [rows[row.pk] for row in made]
        for charge in charges:
            charge.warnings = warnings_of(charge)
        return Response(self.represent({"charges": charges}), status=201)
