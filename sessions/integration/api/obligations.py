"""Obligations over HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet

from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ANYONE, ListMixin, RetrieveMixin
from sessions.booking.http import InNames
from sessions.booking.selectors.about import Ref
from sessions.integration.api import obligation_bodies
from sessions.integration.models import Obligation


class ObligationViewSet(InNames, ListMixin, RetrieveMixin):
    object_type = "obligation"
    client_path = "client_id"
    roles: ClassVar = {"list": ANYONE, "retrieve": ANYONE}
    output = obligation_bodies.ListedObligationOut
    filters = (
        Param("state", choices=tuple(Obligation.State.values), several=True),
        Param("location", "uuid", "program__location_id"),
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
        return visible.select_related(
            "integration_session__room",
            "integration_session__client",
            "dosing_session__room",
            "dosing_session__client",
        )

    def ref(self, row: Obligation) -> Ref:
        return Ref(row=row.pk, seen=row.integration_session or row.dosing_session, assigned=row.therapist_id)
