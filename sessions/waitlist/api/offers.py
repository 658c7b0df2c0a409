"""Offers over HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.waitlist.api import offer_bodies
from sessions.waitlist.models import WaitlistOffer


class OfferViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "waitlist_offer"
    client_path = "entry.program.client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve"), BOOKERS)
    output = offer_bodies.WaitlistOfferOut
    filters = (
        Param("entry", "uuid", "entry_id"),
        Param("program", "uuid", "entry__program_id"),
        Param("location", "uuid", "entry__program__location_id"),
    )
    orderings: ClassVar = {"starts_at": "starts_at", "rank": "rank", "created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[WaitlistOffer]:
        return WaitlistOffer.objects.visible_to(self.user).select_related("entry__program")
