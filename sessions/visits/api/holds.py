"""Kept slots over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import ClinicViewSet, RetrieveMixin
from sessions.booking import services as booking
from sessions.booking.models import SessionHold
from sessions.booking.services.bookings import Ask
from sessions.visits import services
from sessions.visits.api import hold_bodies
from sessions.visits.api.sessions import ASK


class HoldViewSet(RetrieveMixin, ClinicViewSet):
    """A slot kept while the dialog is open; it ends by itself, by DELETE, or as a booking that names it."""

    object_type = "session_hold"
    client_path = "program.client_id"
    roles: ClassVar = dict.fromkeys(("retrieve", "create", "destroy"), BOOKERS)
    inputs: ClassVar = {"create": hold_bodies.HoldIn}
    output = hold_bodies.HoldOut

    def get_queryset(self) -> QuerySet[SessionHold]:
        visible: QuerySet[SessionHold] = SessionHold.objects.visible_to(self.user)
        return visible.select_related("program")

    def create(self, request: Request) -> Response:
        body = self.body()
        ask = Ask(**{name: body[name] for name in ASK if name in body})
        return self.answer(
            services.keep(program_id=body["program"], ask=ask, by=self.user, at=self.at), status=201
        )

    def destroy(self, request: Request, pk: UUID) -> Response:
        booking.end_kept_slot(hold_id=self.get_object().pk, by=self.user, at=self.at)
        return Response(status=204)
