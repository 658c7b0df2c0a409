"""The waitlist over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.models import SessionKind
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.waitlist import services
from sessions.waitlist.api import entry_bodies
from sessions.waitlist.models import WaitlistEntry


class WaitlistViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "waitlist_entry"
    client_path = "program.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "withdraw"), BOOKERS)
    inputs: ClassVar = {"create": entry_bodies.WaitlistEntryIn, "withdraw": Reason}
    output = entry_bodies.WaitlistEntryOut
    filters = (
        Param("program", "uuid", "program_id"),
        Param("kind", choices=tuple(SessionKind.values)),
        Param("status", choices=tuple(WaitlistEntry.Status.values)),
        Param("location", "uuid", "program__location_id"),
    )
    orderings: ClassVar = {"window_to": "window_to", "created_at": "created_at"}
    default_order = ("window_to",)

    def get_queryset(self) -> QuerySet[WaitlistEntry]:
        return WaitlistEntry.objects.visible_to(self.user).select_related("program__client")

    def create(self, request: Request) -> Response:
        return self.answer(services.join(values=self.body(), by=self.user, at=self.at), status=201)

    def withdraw(self, request: Request, pk: Any) -> Response:
        entry = self.get_object()
        reason = self.body()["reason"]
        return self.answer(services.withdraw(entry_id=entry.pk, reason=reason, by=self.user, at=self.at))
