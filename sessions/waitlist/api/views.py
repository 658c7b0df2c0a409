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
from sessions.waitlist.api import serializers as s
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer


class WaitlistViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "waitlist_entry"
    client_path = "program.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "withdraw"), BOOKERS)
    inputs: ClassVar = {"create": s.WaitlistEntryIn, "withdraw": Reason}
    output = s.WaitlistEntryOut
    filters = (
        Param("program", "uuid", "program_id"),
        Param("kind", choices=tuple(SessionKind.values)),
        Param("status", choices=tuple(WaitlistEntry.Status.values)),
        Param("location", "uuid", "program__location_id"),
    )
    orderings: ClassVar = {"window_to": "window_to", "created_at": "created_at"}
    default_order = ("window_to",)

    def get_queryset(self) -> QuerySet[WaitlistEntry]:
        return WaitlistEntry.objects.visible_to(self.user).select_related("program")

    def create(self, request: Request) -> Response:
        return self.answer(services.join(values=self.body(), by=self.user, at=self.at), status=201)

    def withdraw(self, request: Request, pk: Any) -> Response:
        entry = self.get_object()
        reason = self.body()["reason"]
        return self.answer(services.withdraw(entry_id=entry.pk, reason=reason, by=self.user, at=self.at))


class OfferViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "waitlist_offer"
    client_path = "entry.program.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve"), BOOKERS)
    output = s.WaitlistOfferOut
    filters = (
        Param("entry", "uuid", "entry_id"),
        Param("program", "uuid", "entry__program_id"),
        Param("location", "uuid", "entry__program__location_id"),
    )
    orderings: ClassVar = {"starts_at": "starts_at", "rank": "rank", "created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[WaitlistOffer]:
        return WaitlistOffer.objects.visible_to(self.user).select_related("entry__program")
