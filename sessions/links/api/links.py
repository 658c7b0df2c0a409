"""Client links over HTTP, as staff make and follow them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BOOKERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.links import rules, selectors, services
from sessions.links.api import link_bodies
from sessions.links.models import ClientLink


class LinkViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "client_link"
    client_path = "client_id"
    roles: ClassVar = {
        "list": BOOKERS,
        "retrieve": BOOKERS,
        "create": rules.SENDERS,
        "revoke": rules.LINK_MOVES["revoke"].roles,
        "take_over": rules.LINK_MOVES["take_over"].roles,
    }
    inputs: ClassVar = {"create": link_bodies.LinkIn, "revoke": Empty, "take_over": Empty}
    output = link_bodies.LinkOut
    outputs: ClassVar = {"create": link_bodies.MadeLinkOut}
    filters = (
        Param("client", "uuid", of_person("client")),
        Param("program", "uuid", "program_id"),
        Param("purpose", choices=tuple(ClientLink.Purpose.values)),
        Param("state", choices=tuple(ClientLink.State.values)),
    )
    orderings: ClassVar = {"created_at": "created_at", "expires_at": "expires_at"}
    default_order = ("-created_at",)
    replay_by_id = True  # the address is shown once: it must not stand in the record of a key

    def get_queryset(self) -> QuerySet[ClientLink]:
        return selectors.links_with_answers().visible_to(self.user)  # type: ignore[attr-defined,no-any-return]

    def create(self, request: Request) -> Response:
        """Make a link. `url` is shown this once, and is all that it takes to open it: send it to the client alone."""
        link, token = services.make_link(values=self.body(), by=self.user, at=self.at)
        path = reverse("client-link", kwargs={"token": token})
        link.url = f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)  # type: ignore[attr-defined]
        return self.answer(link, status=201)

    def revoke(self, request: Request, pk: Any) -> Response:
        link = self.get_object()
        self.body()
        services.revoke_link(link_id=link.pk, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def take_over(self, request: Request, pk: Any) -> Response:
        """Write the client's answers into the screening's draft, or ride and medicines into the record."""
        link = self.get_object()
        self.body()
        services.take_over(link_id=link.pk, by=self.user, at=self.at)
        return self.answer(self.get_object())
