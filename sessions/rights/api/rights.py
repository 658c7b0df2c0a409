"""Disclosures and requests to amend over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.rights import rules, selectors, services
from sessions.rights.api import right_bodies
from sessions.rights.models import AmendmentQuerySet, AmendmentRequest, Disclosure, DisclosureQuerySet


class DisclosureViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """What of a record went to somebody outside."""

    queryset = Disclosure.objects.all()
    object_type = "disclosure"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "void"), CLINICIANS)
    inputs: ClassVar = {"create": right_bodies.DisclosureIn, "void": Reason}
    output = right_bodies.DisclosureOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("from", "date", "disclosed_on__gte"),
        Param("to", "date", "disclosed_on__lte"),
    )
    orderings: ClassVar = {"disclosed_on": "disclosed_on", "created_at": "created_at"}
    default_order = ("-disclosed_on",)

    def get_queryset(self) -> DisclosureQuerySet:
        return selectors.disclosures().visible_to(self.user)

    def create(self, request: Request) -> Response:
        row = services.disclose(values=self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    def void(self, request: Request, pk: Any) -> Response:
        """It was written down by mistake: say why."""
        row, reason = self.get_object(), self.body()["reason"]
        services.void_disclosure(disclosure=row, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())


class AmendmentViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """What clients ask to have corrected; each is answered by `due_on`."""

    queryset = AmendmentRequest.objects.all()
    object_type = "amendment_request"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create"), CLINICIANS) | {
        name: move.roles for name, move in rules.AMENDMENT_MOVES.items()
    }
    inputs: ClassVar = {
        "create": right_bodies.AmendmentIn,
        "extend": right_bodies.ExtendIn,
        "accept": right_bodies.AcceptIn,
        "deny": right_bodies.DenyIn,
        "void": Reason,
        "disagreement": right_bodies.DisagreementIn,
    }
    output = right_bodies.AmendmentOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("note", "uuid", "note_id"),
        Param("state", choices=tuple(AmendmentRequest.State.values)),
        Param("due_to", "date", "due_on__lte", doc="due on this day or earlier"),
    )
    orderings: ClassVar = {"due_on": "due_on", "received_on": "received_on"}
    default_order = ("due_on",)

    def get_queryset(self) -> AmendmentQuerySet:
        return selectors.requests().visible_to(self.user)

    def create(self, request: Request) -> Response:
        row = services.ask_for_amendment(values=self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    def extend(self, request: Request, pk: Any) -> Response:
        """Put the answer off by 30 days, once, and before it is due."""
        row, reason = self.get_object(), self.body()["reason"]
        return self.answer(
            services.extend_amendment(request_id=row.pk, reason=reason, by=self.user, at=self.at)
        )

    def accept(self, request: Request, pk: Any) -> Response:
        """Amend the record. Of a note, the text becomes an addendum under it."""
        row, text = self.get_object(), self.body()["addendum"]
        return self.answer(
            services.accept_amendment(request_id=row.pk, addendum=text, by=self.user, at=self.at)
        )

    def deny(self, request: Request, pk: Any) -> Response:
        """Leave the record as it is, and say why."""
        row, basis = self.get_object(), self.body()["basis"]
        return self.answer(services.deny_amendment(request_id=row.pk, basis=basis, by=self.user, at=self.at))

    def void(self, request: Request, pk: Any) -> Response:
        """Taken in by mistake, or taken back by the client: say which."""
        row, reason = self.get_object(), self.body()["reason"]
        return self.answer(
            services.void_amendment(request_id=row.pk, reason=reason, by=self.user, at=self.at)
        )

    def disagreement(self, request: Request, pk: Any) -> Response:
        """Keep the client's own statement beside the denial."""
        row, text = self.get_object(), self.body()["text"]
        return self.answer(services.keep_disagreement(request_id=row.pk, text=text, by=self.user, at=self.at))
