"""A client's allergies over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty, Reason
from kapclinic.practice.models import Client
from kapclinic.practice.rules import CLINICIANS
from kapclinic.practice.selectors import person
from kapclinic.trail.http import ClinicViewSet
from screening import services
from screening.api import allergy_bodies
from screening.models import Allergy
from screening.selectors.allergies import allergies_of


class AllergyViewSet(ClinicViewSet):
    """Below `clients/{id}/`: the address names the client, so a body never does."""

    object_type = "allergy"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(
        ("show", "create", "retrieve", "void", "none_known", "void_none_known"), CLINICIANS
    )
    inputs: ClassVar = {
        "create": allergy_bodies.AllergyIn,
        "void": Reason,
        "none_known": Empty,
        "void_none_known": Reason,
    }
    output = allergy_bodies.AllergyOut
    outputs: ClassVar = dict.fromkeys(("show", "none_known", "void_none_known"), allergy_bodies.AllergiesOut)
    created = frozenset({"create", "none_known"})
    logged = frozenset({"show", "retrieve"})

    def get_queryset(self) -> QuerySet[Client]:
        found: QuerySet[Client] = Client.objects.visible_to(self.user)
        return found

    def touch(self, row: Any) -> None:
        self._touched.add(row.pk if isinstance(row, Client) else row.client_id)

    def allergy(self, allergy_id: Any) -> Allergy:
        """The row of the address, of this person."""
        rows = Allergy.objects.filter(client__in=person(self.get_object().pk)).select_related("void")
        found: Allergy | None = rows.filter(pk=allergy_id).first()
        if found is None:
            raise Http404
        return found

    def _all(self, client: Client, *, status: int = 200) -> Response:
        return Response(self.represent(allergies_of(client.pk)), status=status)

    def show(self, request: Request, pk: Any) -> Response:
        """What the client must not be given, and whether anybody asked."""
        return self._all(self.get_object())

    def create(self, request: Request, pk: Any) -> Response:
        client, body = self.get_object(), self.body()
        values = body | {"severity": body["severity"] or ""}
        row = services.record_allergy(client_id=client.pk, values=values, by=self.user, at=self.at)
        return self.answer(row, status=201)

    def retrieve(self, request: Request, pk: Any, allergy_id: Any) -> Response:
        return self.answer(self.allergy(allergy_id))

    def void(self, request: Request, pk: Any, allergy_id: Any) -> Response:
        """Entered in error, or no allergy after all: say why. To correct one, void it and record it anew."""
        row, reason = self.allergy(allergy_id), self.body()["reason"]
        services.void_allergy(allergy=row, reason=reason, by=self.user, at=self.at)
        return self.answer(self.allergy(allergy_id))

    def none_known(self, request: Request, pk: Any) -> Response:
        """The client was asked and knows of none."""
        client = self.get_object()
        self.body()
        services.say_none_known(client_id=client.pk, by=self.user, at=self.at)
        return self._all(client, status=201)

    def void_none_known(self, request: Request, pk: Any) -> Response:
        """That none is known was said in error: say why."""
        client, reason = self.get_object(), self.body()["reason"]
        services.take_back_none_known(client_id=client.pk, reason=reason, by=self.user, at=self.at)
        return self._all(client)
