"""Obligations over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet

from kapclinic.core import transitions
from kapclinic.core.http.lists import Path
from kapclinic.core.http.params import Param
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ANYONE, RetrieveMixin
from sessions.booking.http import InNames, NamedList
from sessions.booking.selectors.about import Ref
from sessions.integration import selectors
from sessions.integration.api import obligation_bodies
from sessions.integration.models import Obligation
from sessions.integration.rules import CALLER_MOVES


class ObligationViewSet(NamedList, InNames, RetrieveMixin):
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

    beside: ClassVar = {
        "dose_number": "d.number",
        **{name: f"s.{name}" for name in obligation_bodies.BOOKED},
        "room": "s.room_id",
    }
    joins: ClassVar = {"d": "JOIN clinic_sessions_session d ON d.id = page.dosing_session"}

    @classmethod
    def visible(cls, user: Any, path: Path) -> QuerySet[Obligation]:
        return Obligation.objects.visible_to(user)

    @classmethod
    def columns(cls, queryset: QuerySet[Obligation], user: Any) -> QuerySet[Obligation, Any]:
        return selectors.obligation_rows(queryset)

    def in_words(self, row: Any) -> dict[str, Any]:
        booked = {name: row[name] for name in (*obligation_bodies.BOOKED, "room", "room_name")}
        taken = row["integration_session"]
        return {
            "label": obligation_bodies.to_do(row["state"]),
            "therapist_name": row["assigned_to"],
            "integration_session": {"id": taken, **booked} if taken else None,
            "allowed_moves": transitions.allowed(CALLER_MOVES, state=row["state"], by=self.user),
        }

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
