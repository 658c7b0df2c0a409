"""Adverse events over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice.rules import CLINICIANS, DIRECTOR
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.dosing import selectors, services
from sessions.dosing.api import adverse_event_bodies as s
from sessions.dosing.models import AdverseEvent


class AdverseEventViewSet(ListMixin, RetrieveMixin, InSession):
    object_type = "adverse_event"
    created = frozenset({"create", "follow_ups", "review"})
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": CLINICIANS,
        "follow_ups": CLINICIANS,
        "review": DIRECTOR,
    }
    inputs: ClassVar = {"create": s.AdverseEventIn, "follow_ups": s.FollowUpIn, "review": s.ReviewIn}
    output = s.AdverseEventOut
    outputs: ClassVar = {"follow_ups": s.FollowUpOut, "review": s.ReviewOut}
    default_order = ("onset_at",)
    vital = frozenset({"create", "follow_ups"})

    def get_queryset(self) -> QuerySet[AdverseEvent]:
        return selectors.events_of(self.session)

    def create(self, request: Request, session_id: UUID) -> Response:
        event = services.record_adverse_event(
            session=self.session, values=self.body(), by=self.user, at=self.at
        )
        return self.answer(self.get_queryset().get(pk=event.pk), status=201)

    def follow_ups(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        event = self.get_object()
        row = services.follow_up(event=event, values=self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)

    def review(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        event = self.get_object()
        row = services.review(event=event, **self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)
