"""Clients over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.lists import HotList, Path
from kapclinic.core.http.papers import Printed
from kapclinic.core.http.params import Param
from kapclinic.core.moments import begin_of
from kapclinic.core.paper import fingerprint
from kapclinic.practice import page as access_page
from kapclinic.practice import rules, selectors, services
from kapclinic.practice.api import client_bodies
from kapclinic.practice.models import Client, Location
from kapclinic.trail import selectors as trail
from kapclinic.trail.http import ClinicViewSet, RetrieveMixin
from kapclinic.trail.models import AuditEvent

ACCESS = (
    Param("from", "moment", doc="from this day, or this moment, on; a day is the clinic's own"),
    Param("to", "moment", doc="up to the end of this day, or before this moment"),
    Param("user", "uuid", "created_by", doc="who it was"),
    Param("action", doc="as the rows say it, e.g. note.retrieve"),
    Param("object_type", doc="as the rows say it, e.g. note"),
    Param("outcome", choices=("ok", "refused")),
)
COLUMNS = tuple(name for name in map(str, client_bodies.ClientOut().fields) if name != "sms_reachable")


class ClientViewSet(Printed, HotList, RetrieveMixin, ClinicViewSet):
    queryset = Client.objects.all()
    object_type = "client"
    client_path = "id"
    roles: ClassVar = {
        "list": rules.CLIENT_READERS,
        "retrieve": rules.CLIENT_READERS,
        "create": rules.BOOKERS,
        "partial_update": rules.BOOKERS,
        "access_log": rules.DIRECTOR,
        "access_log_pdf": rules.DIRECTOR,
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
    params: ClassVar = {"access_log": ACCESS, "access_log_pdf": ACCESS}
    papers = frozenset({"access_log_pdf"})
    logged = frozenset({"list", "retrieve", "access_log", "access_log_pdf"})
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
        rows, _ = self._accesses(self.get_object())
        page = self.paginate_queryset(rows.using(self.source))
        return self.get_paginated_response(self.represent(page, many=True))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def access_log_pdf(self, request: Request, pk: Any) -> Response:
        """The same on paper, as the client is given it, narrowed by the same parameters; times of the clinic's zone.

        More than 5,000 acts are refused: ask for a shorter time.
        """
        client = self.get_object()
        found, place = self._accesses(client)
        rows = list(found[: access_page.MOST + 1])
        if len(rows) > access_page.MOST:
            detail = f"One paper takes {access_page.MOST} acts: ask for a shorter time."
            raise Invalid.field("from", detail, code="too_many")
        asked = self.query()
        pdf = access_page.print_access(rows, client=client, place=place, asked=asked, at=self.at)
        return self.print_out(pdf, name="access-log", sha256=fingerprint(pdf))

    def _accesses(self, client: Client) -> tuple[QuerySet[AuditEvent], Location]:
        """The acts that the parameters ask for, each with the name of who it was, and the place whose days count."""
        asked, place = self.query(), selectors.first_place(client)
        first, last = asked.get("from"), asked.get("to")
        since = None if first is None else begin_of(first, place.zone)
        until = None if last is None else begin_of(last, place.zone, days=1)
        if since and until and until <= since:
            raise Invalid.field("to", "The time ends before it begins.", code="reversed")
        rows = trail.access_log(client_ids=selectors.person_ids(client.pk), since=since, until=until)
        for param in ACCESS[2:]:
            if param.name in asked:
                rows = param.narrow(rows, asked[param.name], self.user)
        return rows.annotate(name=selectors.actor_name()), place
