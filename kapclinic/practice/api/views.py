"""Locations, rooms, staff and clients over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http.params import Param
from kapclinic.practice import rules, selectors, services
from kapclinic.practice.api import serializers as s
from kapclinic.practice.models import Client, Location, Role, Room, SessionKind, User
from kapclinic.trail import selectors as trail
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin


class LocationViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Location.objects.all()
    object_type = "location"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": rules.ADMIN,
        "partial_update": rules.ADMIN,
    }
    inputs: ClassVar = {"create": s.LocationIn, "partial_update": s.LocationIn}
    output = s.LocationOut
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("created_at",)

    def create(self, request: Request) -> Response:
        saved = services.save_location(location=None, values=self.body(), by=self.user, at=self.at)
        return self.answer(saved, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        location = self.matched()
        return self.answer(
            services.save_location(location=location, values=self.given(), by=self.user, at=self.at)
        )


class RoomViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Room.objects.all()
    object_type = "room"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": rules.ADMIN,
        "partial_update": rules.ADMIN,
    }
    inputs: ClassVar = {"create": s.RoomIn, "partial_update": s.RoomIn}
    output = s.RoomOut
    filters = (
        Param("location", "uuid", "location_id"),
        Param(
            "kind",
            choices=tuple(SessionKind.values),
            lookup=lambda qs, value, user: qs.filter(kinds__contains=[value]),
        ),
        Param("is_active", "bool"),
    )
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("location__created_at", "name")

    def create(self, request: Request) -> Response:
        values = self._checked(self.body())
        return self.answer(services.save_room(room=None, values=values, by=self.user, at=self.at), status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        room = self.matched()
        values = self._checked(self.given())
        return self.answer(services.save_room(room=room, values=values, by=self.user, at=self.at))

    def _checked(self, values: services.RoomFields) -> services.RoomFields:
        if "location_id" in values and selectors.unknown_locations([values["location_id"]]):
            raise Invalid.field("location", "There is no such location.", code="not_found")
        return values


class StaffViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = User.objects.all()
    object_type = "staff"
    roles: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": rules.ADMIN,
        "partial_update": rules.ADMIN,
        "hours": ANYONE,
        "replace_hours": rules.ADMIN,
    }
    inputs: ClassVar = {
        "create": s.StaffIn,
        "partial_update": s.StaffIn,
        "replace_hours": s.WorkingHoursIn,
    }
    output = s.StaffOut
    outputs: ClassVar = {
        "hours": s.WorkingHoursOut,
        "replace_hours": s.WorkingHoursOut,
    }
    filters = (
        Param("location", "uuid", lambda qs, value, user: qs.filter(locations__contains=[value])),
        Param(
            "role",
            choices=tuple(Role.values),
            lookup=lambda qs, value, user: qs.filter(roles__contains=[value]),
        ),
        Param("is_active", "bool"),
    )
    orderings: ClassVar = {"name": "name", "created_at": "created_at"}
    default_order = ("name",)

    def create(self, request: Request) -> Response:
        return self.answer(
            services.save_staff(user=None, values=self.body(), by=self.user, at=self.at), status=201
        )

    def partial_update(self, request: Request, pk: Any) -> Response:
        user = self.matched()
        return self.answer(services.save_staff(user=user, values=self.given(), by=self.user, at=self.at))

    def hours(self, request: Request, pk: Any) -> Response:
        user = self.get_object()
        return Response(self.represent(selectors.current_hours(user_id=user.pk), many=True))

    def replace_hours(self, request: Request, pk: Any) -> Response:
        user = self.get_object()
        body = s.WorkingHoursIn(data=request.data, many=True, max_length=100)  # type: ignore[call-arg]
        body.is_valid(raise_exception=True)
        services.replace_hours(user=user, rows=body.validated_data, by=self.user, at=self.at)
        return Response(self.represent(selectors.current_hours(user_id=user.pk), many=True))


class ClientViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Client.objects.all()
    object_type = "client"
    client_path = "id"
    roles: ClassVar = {
        "list": rules.BOOKERS | rules.BILLERS,
        "retrieve": rules.BOOKERS | rules.BILLERS,
        "create": rules.BOOKERS,
        "partial_update": rules.BOOKERS,
        "access_log": rules.DIRECTOR,
    }
    inputs: ClassVar = {"create": s.ClientIn, "partial_update": s.ClientIn}
    output = s.ClientOut
    outputs: ClassVar = {
        "create": s.RegisteredOut,
        "partial_update": s.RegisteredOut,
        "access_log": s.AccessOut,
    }
    filters = (
        Param("location", "uuid", lambda qs, value, user: qs.filter(locations__contains=[value])),
        Param("date_of_birth", "date"),
    )
    orderings: ClassVar = {"name": "legal_last_name", "mrn": "mrn", "created_at": "created_at"}
    default_order = ("legal_last_name", "legal_first_name")
    searches = staticmethod(selectors.search_clients)
    search_doc = "words of a name, MRN, phone number or birth date"
    logged = frozenset({"list", "retrieve", "access_log"})
    paged = frozenset({"list", "access_log"})

    def get_queryset(self) -> QuerySet[Client]:
        return Client.objects.visible_to(self.user)

    def rows(self, page: list[Any]) -> list[Any]:
        names = list(s.ClientOut().fields)
        return [{name: getattr(client, name) for name in names} for client in page]

    def create(self, request: Request) -> Response:
        saved = services.save_client(client=None, values=self.body(), by=self.user, at=self.at)
        return self._registered(saved, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        client = self.matched()
        return self._registered(
            services.save_client(client=client, values=self.given(), by=self.user, at=self.at)
        )

    def _registered(self, client: Client, *, status: int = 200) -> Response:
        twins = selectors.likely_duplicates(
            user=self.user,
            first=client.legal_first_name,
            last=client.legal_last_name,
            born=client.date_of_birth,
            phone=client.phone,
            but=client.pk,
        )
        client.warnings = [  # type: ignore[attr-defined]
            {"code": "possible_duplicate", "detail": "Same person?", "client": twin.pk, "mrn": twin.mrn}
            for twin in twins
        ]
        return self.answer(client, status=status)

    def access_log(self, request: Request, pk: Any) -> Response:
        client = self.get_object()
        name = User.objects.filter(pk=OuterRef("created_by")).values("name")[:1]
        rows = trail.access_log(client_id=client.pk).annotate(
            name=Coalesce(Subquery(name), Value("the system"), output_field=CharField())
        )
        return self.get_paginated_response(self.represent(self.paginate_queryset(rows), many=True))
