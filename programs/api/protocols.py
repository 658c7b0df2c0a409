"""Protocols over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.selectors import named
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from programs import selectors, services
from programs.api import protocol_bodies
from programs.models import ProgramType, Protocol, Route


class ProtocolViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "protocol"
    roles: ClassVar = {"list": ANYONE, "retrieve": ANYONE, "create": DIRECTOR, "approve": DIRECTOR}
    inputs: ClassVar = {"create": protocol_bodies.ProtocolIn, "approve": Empty}
    output = protocol_bodies.ProtocolOut
    filters = (
        Param("status", choices=tuple(Protocol.Status.values)),
        Param("program_type", choices=tuple(ProgramType.values)),
        Param("route", choices=tuple(Route.values)),
    )
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("rank", "name", "-edition")
    searches = staticmethod(named)
    search_doc = "words of a name"

    def get_queryset(self) -> QuerySet[Protocol]:
        return selectors.protocols()

    def create(self, request: Request) -> Response:
        return self.answer(services.draft_protocol(values=self.body(), by=self.user, at=self.at), status=201)

    def approve(self, request: Request, pk: Any) -> Response:
        self.body()
        protocol = self.get_object()
        return self.answer(services.approve_protocol(protocol_id=protocol.pk, by=self.user, at=self.at))
