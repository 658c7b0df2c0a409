"""How the machine stands, for an administrator."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice.rules import ADMIN
from kapclinic.trail.http import ClinicViewSet
from sessions.status import selectors
from sessions.status.api.status_bodies import StatusOut


class StatusViewSet(ClinicViewSet):
    """Counts and ages alone: nothing here is about a client."""

    object_type = "status"
    scope_name = "health"
    roles: ClassVar = {"status": ADMIN}
    output = StatusOut

    def status(self, request: Request) -> Response:
        """Steps, queues, messages and connections as they stand now."""
        return Response(self.represent(selectors.standing(at=self.at)))
