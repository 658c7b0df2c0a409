"""Clients over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.lists import HotList, Path
from kapclinic.core.http.params import Param
from kapclinic.practice import rules, selectors, services
from kapclinic.practice.api import client_bodies
from kapclinic.practice.models import Client, User
from kapclinic.trail import selectors as trail
from kapclinic.trail.http import ClinicViewSet, RetrieveMixin

COLUMNS = tuple(name for name in map(str, client_bodies.ClientOut().fields) if name != "sms_reachable")


class ClientViewSet(HotList, RetrieveMixin, ClinicViewSet):
    queryset = Client.objects.all()
    object_type = "client"
    client_path = "id"
    roles: ClassVar = {
        "list": rules.CLIENT_READERS,
        "retrieve": rules.CLIENT_READERS,
        "create": rules.BOOKERS,
        "partial_update": rules.BOOKERS,
        "access_log": rules.DIRECTOR,
    }
    inputs: ClassVar = {"create": client_bodies.ClientIn, "partial_update": client_bodies.ClientIn}
    output = client_bodies.ClientOut
    outputs: ClassVar = {
        "create": client_bodies.RegisteredOut,
        "partial_update": client_bodies.RegisteredOut,
        "access_log": client_bodies.AccessOut,
    }
    filters = (
        Param("location", "uuid", lambda qs, value, user: qs.filter(locations__contains=[value])),
        Param("date_of_birth", "date"),
    )
    orderings: ClassVar = {"name": "legal_last_name", "mrn": "mrn", "created_at": "created_at"}
    default_order = ("legal_last_name", "legal_first_name")
    searches = staticmethod(selectors.search_clients)
    search_doc = "words of a name, MRN, phone number, e-mail or birth date, as people write them"
    logged = frozenset({"list", "retrieve", "access_log"})
    paged = frozenset({"list", "access_log"})
    reports = frozenset({"access_log"})

    @classmethod
    def visible(cls, user: Any, path: Path) -> QuerySet[Client]:
        """Whoever turned out to be another client that the user sees is no row of the list, but has an address."""
        return selectors.without_known_aliases(Client.objects.visible_to(user).with_merges(), user=user)

    @classmethod
    def columns(cls, queryset: QuerySet[Client], user: Any) -> QuerySet[Client, Any]:
        rows: QuerySet[Client, Any] = queryset.values(*COLUMNS)
        return rows

    @classmethod
    def terms(cls, text: str) -> Sequence[str]:
        return rules.search_terms(text) if text else ()

    @classmethod
    def sought(cls, queryset: QuerySet[Client], terms: Sequence[str]) -> QuerySet[Client]:
        return selectors.holding(queryset, terms)

    def get_queryset(self) -> QuerySet[Client]:
        return Client.objects.visible_to(self.user).with_merges()

    def touch_all(self, rows: Iterable[Any]) -> None:
        self._touched.update(row["id"] for row in rows)

    def rows(self, page: list[Any]) -> list[Any]:
        return [client | {"sms_reachable": bool(rules.e164(client["phone"]))} for client in page]

    def create(self, request: Request) -> Response:
        saved = services.save_client(client=None, values=self.body(), by=self.user, at=self.at)
        return self._registered(Client.objects.with_merges().get(pk=saved.pk), status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        client = self.matched()
        return self._registered(
            services.save_client(client=client, values=self.given(client), by=self.user, at=self.at)
        )

    def _registered(self, client: Client, *, status: int = 200) -> Response:
        client.warnings = client_bodies.warnings_of(  # type: ignore[attr-defined]
            client, selectors.likely_duplicates(client=client, user=self.user)
        )
        return self.answer(client, status=status)

    def access_log(self, request: Request, pk: Any) -> Response:
        client = self.get_object()
        name = User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]
        rows = trail.access_log(client_ids=selectors.person_ids(client.pk)).annotate(
            name=Coalesce(Subquery(name), Value("the system"), output_field=CharField())
        )
        page = self.paginate_queryset(rows.using(self.source))
        return self.get_paginated_response(self.represent(page, many=True))
