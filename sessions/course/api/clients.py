"""Verbs of a client that end, join or part what they have in the book: they need session facts, so they stand here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.api.client_bodies import ClientOut
from kapclinic.practice.models import Client
from kapclinic.practice.rules import BOOKERS, DIRECTOR
from kapclinic.trail.http import ClinicViewSet
from sessions.course.api import client_bodies
from sessions.course.services import deaths, merges


class ClientVerbViewSet(ClinicViewSet):
    object_type = "client"
    client_path = "id"
    roles: ClassVar = {
        "deceased": BOOKERS,
        "void_deceased": BOOKERS,
        "merge": DIRECTOR,
        "unmerge": DIRECTOR,
    }
    inputs: ClassVar = {
        "deceased": client_bodies.DeceasedIn,
        "void_deceased": Reason,
        "merge": client_bodies.MergeIn,
        "unmerge": Reason,
    }
    output = ClientOut
    outputs: ClassVar = {
        "deceased": client_bodies.DeceasedOut,
        "void_deceased": client_bodies.DeceasedOut,
    }
    params: ClassVar = {
        "merge": (Param("preview", "bool", doc="true: nothing is merged, the answer tells what would be"),)
    }

    def get_queryset(self) -> QuerySet[Client]:
        return Client.objects.visible_to(self.user).with_merges()

    def deceased(self, request: Request, pk: Any) -> Response:
        """The client has died: their programs end, what is booked is freed, what is owed is voided, no message leaves.

        `programs`, `sessions` and `obligations` are those that this ended.
        """
        outcome = deaths.note_death(client=self.get_object(), **self.body(), by=self.user, at=self.at)
        return self._ended(outcome)

    def void_deceased(self, request: Request, pk: Any) -> Response:
        """The client lives. `programs` go on, `obligations` are owed again; what was booked stays free."""
        outcome = deaths.void_death(
            client=self.get_object(), reason=self.body()["reason"], by=self.user, at=self.at
        )
        return self._ended(outcome)

    def _ended(self, outcome: deaths.Outcome) -> Response:
        client: Any = outcome.client
        client.ended = outcome
        return self.answer(client)

    @extend_schema(
        responses=PolymorphicProxySerializer(
            "MergedOrPreview",
            [ClientOut, client_bodies.MergePreviewOut],
            resource_type_field_name=None,
        )
    )
    def merge(self, request: Request, pk: Any) -> Response:
        """This client is the person of `into`. No row is re-pointed, and `unmerge/` takes it back.

        With `preview=true` nothing is merged: the answer tells what would be.
        """
        body = self.body()
        asked = {
            "client": self.get_object(),
            "into_id": body["into"],
            "reason": body["reason"],
            "by": self.user,
            "at": self.at,
        }
        if self.only_looks():
            return Response(client_bodies.MergePreviewOut(merges.preview_merge(**asked)).data)
        self._touched.add(body["into"])
        return self.answer(merges.merge(**asked))

    def unmerge(self, request: Request, pk: Any) -> Response:
        """The two are not one person after all: each has their own rows again.

        Money of one that paid the other is credit again, and a package that the other's money paid ends.
        """
        client = self.get_object()
        if client.merged_into:
            self._touched.add(client.merged_into)
        reason = self.body()["reason"]
        return self.answer(merges.unmerge(client=client, reason=reason, by=self.user, at=self.at))
