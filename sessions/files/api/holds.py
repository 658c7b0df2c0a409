"""Legal holds over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.files import selectors, services
from sessions.files.api import file_bodies
from sessions.files.models import LegalHold, OfClientQuerySet


class LegalHoldViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """While a hold of a person stands, nothing of their record goes away."""

    queryset = LegalHold.objects.all()
    object_type = "legal_hold"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "lift"), DIRECTOR)
    inputs: ClassVar = {"create": file_bodies.HoldRecordIn, "lift": file_bodies.LiftIn}
    output = file_bodies.LegalHoldOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("lifted", "bool", lambda qs, value, user: qs.filter(lift__isnull=not value)),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> OfClientQuerySet:
        return selectors.legal_holds().visible_to(self.user)

    def create(self, request: Request) -> Response:
        """No attachment is voided and no psychotherapy note written over until it is lifted."""
        row = services.hold_record(**self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    def lift(self, request: Request, pk: Any) -> Response:
        row, reason = self.get_object(), self.body()["reason"]
        services.lift_hold(hold=row, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())
