"""Moves of lower rooms that set an integration's slot free: they stand here because the slot is given away."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import PRESCRIBER
from sessions.day import openings
from sessions.dosing.api.doses import AdministrationViewSet
from sessions.integration import rules
from sessions.integration.api.serializers import WaivedOut
from sessions.integration.api.views import ObligationViewSet


class WaiverViewSet(ObligationViewSet):
    """Doing without the integration that one dose owes."""

    roles: ClassVar = {"waive": rules.WAIVERS}
    inputs: ClassVar = {"waive": Reason}
    outputs: ClassVar = {"waive": WaivedOut}

    def waive(self, request: Request, pk: UUID) -> Response:
        obligation = self.get_object()
        reason = self.body()["reason"]
        return self.answer(
            openings.waive(obligation_id=obligation.pk, reason=reason, by=self.user, at=self.at)
        )


class DoseVoidViewSet(AdministrationViewSet):
    """Voiding a dose that was recorded in error."""

    roles: ClassVar = {"void": PRESCRIBER}
    inputs: ClassVar = {"void": Reason}

    def void(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        dose = self.get_object()
        openings.void_administration(dose_id=dose.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())
