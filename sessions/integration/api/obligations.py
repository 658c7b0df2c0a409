"""Obligations over HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet

from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from sessions.integration.api import obligation_bodies
from sessions.integration.models import Obligation


class ObligationViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "obligation"
    client_path = "client_id"
    roles: ClassVar = {"list": ANYONE, "retrieve": ANYONE}
    output = obligation_bodies.ObligationOut
    filters = (
        Param("state", choices=tuple(Obligation.State.values)),
        Param("program", "uuid", "program_id"),
        Param("client", "uuid", of_person("client_id")),
        Param("therapist", "uuid", "therapist_id"),
        Param("dosing_session", "uuid", "dosing_session_id"),
    )
    orderings: ClassVar = {
        "window_end": "window_end",
        "window_start": "window_start",
        "created_at": "created_at",
    }
    default_order = ("window_end",)

    def get_queryset(self) -> QuerySet[Obligation]:
        visible = Obligation.objects.visible_to(self.user)
        return visible.select_related("integration_session")
