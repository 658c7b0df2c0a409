"""The integration worklist over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from sessions.integration import rules, services
from sessions.integration.api import serializers as s
from sessions.integration.models import Obligation


class ObligationViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "obligation"
    client_path = "client_id"
    roles: ClassVar = {"list": ANYONE, "retrieve": ANYONE, "waive": rules.WAIVERS}
    inputs: ClassVar = {"waive": Reason}
    output = s.ObligationOut
    outputs: ClassVar = {"waive": s.WaivedOut}
    filters = (
        Param("state", choices=tuple(Obligation.State.values)),
        Param("program", "uuid", "program_id"),
        Param("client", "uuid", "client_id"),
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
        return visible.select_related("integration_session")

    def waive(self, request: Request, pk: Any) -> Response:
        obligation = self.get_object()
        reason = self.body()["reason"]
        return self.answer(
            services.waive(obligation_id=obligation.pk, reason=reason, by=self.user, at=self.at)
        )
