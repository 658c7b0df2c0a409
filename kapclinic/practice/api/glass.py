"""The broken glass over HTTP: open a record of another location, end that, review it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.practice import glass, rules
from kapclinic.practice.api import glass_bodies
from kapclinic.practice.models import Client, User
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from kapclinic.trail.models import BreakGlass


class BreakGlassViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """Whoever broke it sees their own; the director and the administrator all that was broken at their locations."""

    queryset = BreakGlass.objects.all()
    object_type = "break_glass"
    client_path = "client"
    opens_by_glass = False
    scope_name = (
        "crossing"  # whose record was opened lies elsewhere; whose glasses are shown, `visible_to` says
    )
    fresh = frozenset({"create"})
    whole = frozenset(
        {"create", "list", "retrieve", "end"}
    )  # what one broke is of other places than a token's
    roles: ClassVar = {
        "list": rules.CLINICIANS | rules.ADMIN,
        "retrieve": rules.CLINICIANS | rules.ADMIN,
        "create": rules.CLINICIANS,
        "find": rules.CLINICIANS,
        "end": rules.CLINICIANS,
        "review": rules.DIRECTOR,
    }
    inputs: ClassVar = {
        "create": glass_bodies.BreakGlassIn,
        "find": glass_bodies.FindClientIn,
        "end": Empty,
        "review": glass_bodies.GlassReviewIn,
    }
    output = glass_bodies.BreakGlassOut
    outputs: ClassVar = {"find": glass_bodies.FoundClientOut}
    filters = (
        Param("client", "uuid", of_person("client")),
        Param("user", "uuid", "created_by", doc="who broke it"),
        Param("location", "uuid", lambda qs, value, user: qs.filter(locations__contains=[value])),
        Param(
            "reviewed",
            "bool",
            lambda qs, value, user: qs.filter(reviewed_at__isnull=not value),
            doc="has a director said what they found?",
        ),
    )
    orderings: ClassVar = {"created_at": "created_at", "expires_at": "expires_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[BreakGlass]:
        seen: QuerySet[BreakGlass] = BreakGlass.objects.visible_to(self.user)
        return seen.annotate(
            user_name=Subquery(User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]),
            client_mrn=Subquery(Client.objects.filter(pk=OuterRef("client")).values("mrn")[:1]),
        )

    def create(self, request: Request) -> Response:
        """Open the record of a client of another location to your reads for some hours; its director is told."""
        made = glass.break_glass(**self.body(), by=self.user, at=self.at)
        return self._answer(made, status=201)

    def find(self, request: Request) -> Response:
        """Is there exactly one such client in the practice? Whose record it is reads in their access log who asked."""
        given = self.body()
        born = given.pop("date_of_birth", None)
        client = glass.find_client(**given, born=born)
        if client is not None:
            self._touched.add(client.pk)
            self._object_id = client.pk
        yours = client is not None and not glass.is_elsewhere(self.user, client.pk)
        return Response(self.represent({"client": client and client.pk, "is_yours": yours}))

    def end(self, request: Request, pk: Any) -> Response:
        """Close the record again before its time."""
        self.body()
        return self._answer(glass.end_glass(glass_id=self.get_object().pk, by=self.user, at=self.at))

    def review(self, request: Request, pk: Any) -> Response:
        """Say what you found; that settles the row of the worklist. Nobody reviews what they broke themselves."""
        finding = self.body()["finding"]
        return self._answer(
            glass.review_glass(glass_id=self.get_object().pk, finding=finding, by=self.user, at=self.at)
        )

    def _answer(self, row: BreakGlass, *, status: int = 200) -> Response:
        return self.answer(self.get_queryset().get(pk=row.pk), status=status)
