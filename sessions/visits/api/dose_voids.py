"""Voiding a dose over HTTP. It stands here because the slot of its integration is given away."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import PRESCRIBER
from sessions.dosing.api.doses import AdministrationViewSet
from sessions.visits import services


class DoseVoidViewSet(AdministrationViewSet):
    """Voiding a dose that was recorded in error."""

    roles: ClassVar = {"void": PRESCRIBER}
    inputs: ClassVar = {"void": Reason}

    def void(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        dose = self.get_object()
        services.void_administration(dose_id=dose.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())
