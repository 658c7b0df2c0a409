"""Phrases over HTTP: each author's own."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.notes import rules, services
from sessions.notes.api import phrase_bodies
from sessions.notes.models import Phrase


class PhraseViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """The caller's own turns of words. Anybody else's do not exist for them."""

    object_type = "phrase"
    roles: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "partial_update", "destroy"), rules.ANY_WRITER
    )
    inputs: ClassVar = {"create": phrase_bodies.PhraseIn, "partial_update": phrase_bodies.PhraseIn}
    output = phrase_bodies.PhraseOut
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("name", "pk")

    def get_queryset(self) -> QuerySet[Phrase]:
        own: QuerySet[Phrase] = Phrase.objects.of_author(self.user)
        return own.select_for_update() if self.action in {"partial_update", "destroy"} else own

    def create(self, request: Request) -> Response:
        phrase = services.keep_phrase(**self.body(), by=self.user, at=self.at)
        return self.answer(phrase, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        phrase = self.matched()
        values = self.given(phrase)
        return self.answer(services.change_phrase(phrase=phrase, values=values, by=self.user, at=self.at))

    def destroy(self, request: Request, pk: Any) -> Response:
        """Take it out of use: it leaves the list, and its name is free. Notes that took it keep their words."""
        services.retire_phrase(phrase=self.get_object(), by=self.user, at=self.at)
        return Response(status=204)
