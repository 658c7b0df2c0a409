"""Readiness over HTTP: the gates, and an override of one."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.renderers import Told
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from sessions.booking.http import InSession
from sessions.dosing import selectors, services
from sessions.dosing.api import readiness_bodies
from sessions.dosing.gates import gather, judge
from sessions.dosing.models import GateOverride


class ReadinessViewSet(InSession):
    object_type = "readiness"
    roles: ClassVar = {"retrieve": BOOKERS, "override": CLINICIANS}
    inputs: ClassVar = {"override": readiness_bodies.OverrideIn}
    outputs: ClassVar = {"retrieve": readiness_bodies.ReadinessOut, "override": readiness_bodies.OverrideOut}

    def get_queryset(self) -> QuerySet[GateOverride]:
        return GateOverride.objects.filter(session=self.session)

    def enter(self, session_id: UUID) -> None:
        """To look at the gates, the session comes with its doses and orders."""
        if self.action != "retrieve":
            super().enter(session_id)
            return
        opened = selectors.opened(session_id=session_id, by=self.user)
        if opened is None:
            raise Http404
        self.opened = opened
        self.entered(opened.session)

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        found = gather.readiness(session_id=session_id, at=self.at, opened=self.opened)
        clinical = bool(self.user.role_set & CLINICIANS)
        return Told(judge.for_clinicians(found) if clinical else judge.for_front_desk(found))

    def override(self, request: Request, session_id: UUID) -> Response:
        row = services.override_gate(session_id=session_id, **self.body(), by=self.user, at=self.at)
        return self.answer(row, status=201)
