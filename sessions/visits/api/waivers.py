"""Doing without an integration over HTTP. It stands here because the slot is given away."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from sessions.integration import rules
from sessions.integration.api.obligation_bodies import WaivedOut
from sessions.integration.api.obligations import ObligationViewSet
from sessions.visits import services


class WaiverViewSet(ObligationViewSet):
    """Doing without the integration that one dose owes."""

    roles: ClassVar = {"waive": rules.WAIVERS}
    inputs: ClassVar = {"waive": Reason}
    outputs: ClassVar = {"waive": WaivedOut}

    def waive(self, request: Request, pk: UUID) -> Response:
        obligation = self.get_object()
        reason = self.body()["reason"]
        return self.answer(
            services.waive(obligation_id=obligation.pk, reason=reason, by=self.user, at=self.at)
        )
