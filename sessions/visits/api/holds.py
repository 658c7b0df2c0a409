"""Kept slots over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice.rules import BOOKERS
from kapclinic.trail.http import RetrieveMixin
from sessions.booking import services as booking
from sessions.booking.models import SessionHold
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import Ask
from sessions.visits import services
from sessions.visits.api import hold_bodies
from sessions.visits.api.nearest import TellsNearest, sought_by
from sessions.visits.api.sessions import ASK
from sessions.visits.selectors.nearest import Sought


class HoldViewSet(RetrieveMixin, TellsNearest):
    """A slot kept while the dialog is open; it ends by itself, by DELETE, or as a booking that names it."""

    object_type = "session_hold"
    client_path = "program.client_id"
    roles: ClassVar = dict.fromkeys(("retrieve", "create", "destroy", "extend"), BOOKERS)
    inputs: ClassVar = {"create": hold_bodies.HoldIn}
    output = hold_bodies.HoldOut

    def get_queryset(self) -> QuerySet[SessionHold]:
        visible: QuerySet[SessionHold] = SessionHold.objects.visible_to(self.user)
        return visible.select_related("program")

    def create(self, request: Request) -> Response:
        program, ask = self._asked()
        return self.answer(services.keep(program_id=program, ask=ask, by=self.user, at=self.at), status=201)

    def _asked(self) -> tuple[UUID, Ask]:
        body = self.body()
        return body["program"], Ask(**{name: body[name] for name in ASK if name in body})

    def missed(self, refusal: ResourceConflict) -> Sought | None:
        return sought_by(*self._asked()) if self.action == "create" else None

    def extend(self, request: Request, pk: UUID) -> Response:
        """Keep it five minutes longer, once: the client is still on the phone."""
        hold = self.get_object()
        services.keep_longer(hold_id=hold.pk, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def destroy(self, request: Request, pk: UUID) -> Response:
        booking.end_kept_slot(hold_id=self.get_object().pk, by=self.user, at=self.at)
        return Response(status=204)
