"""Overrides over HTTP: what was passed in whatever session, for those who answer for it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InNames
from sessions.booking.selectors.about import Ref
from sessions.dosing import services
from sessions.dosing.api import override_bodies
from sessions.dosing.models import GateOverride
from sessions.dosing.services.overrides import READERS


def _read(queryset: QuerySet[GateOverride], value: bool, user: Any) -> QuerySet[GateOverride]:  # noqa: FBT001
    return queryset.filter(reading__isnull=not value)


class GateOverrideViewSet(ListMixin, RetrieveMixin, InNames):
    object_type = "override"
    client_path = "session.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "read"), READERS)
    inputs: ClassVar = {"read": Empty}
    output = override_bodies.ListedOverrideOut
    filters = (
        Param("read", "bool", _read),
        Param("location", "uuid", "session__location_id"),
        Param("program", "uuid", "session__program_id"),
        Param("client", "uuid", of_person("session__client_id")),
        Param("session", "uuid", "session_id"),
        Param("gate", lookup="gate"),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[GateOverride]:
        seen: QuerySet[GateOverride] = GateOverride.objects.visible_to(self.user)
        return seen.select_related("reading", "session__room", "session__client")

    def ref(self, row: GateOverride) -> Ref:
        return Ref(row=row.pk, seen=row.session, assigned=row.created_by)

    def read(self, request: Request, pk: UUID) -> Response:
        """One who answers for it has read why a colleague passed the gate."""
        self.body()
        services.read_override(override_id=self.get_object().pk, by=self.user, at=self.at)
        return self.answer(self.get_object())
