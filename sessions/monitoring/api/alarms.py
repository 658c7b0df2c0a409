"""Alarms over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.monitoring import services
from sessions.monitoring.api import alarm_bodies
from sessions.monitoring.models import Alarm


class SessionAlarmViewSet(InSession):
    """A clinician rings by hand."""

    object_type = "alarm"
    roles: ClassVar = {"create": CLINICIANS}
    inputs: ClassVar = {"create": alarm_bodies.AlarmIn}
    output = alarm_bodies.AlarmOut

    def get_queryset(self) -> QuerySet[Alarm]:
        return Alarm.objects.filter(session=self.session)

    def create(self, request: Request, session_id: Any) -> Response:
        alarm = services.raise_alarm(session=self.lock_session(), **self.body(), by=self.user, at=self.at)
        return self.answer(alarm, status=201)


class AlarmViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "alarm"
    client_path = "session.client_id"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "acknowledge": CLINICIANS}
    inputs: ClassVar = {"acknowledge": alarm_bodies.ActionIn}
    output = alarm_bodies.AlarmOut
    filters = (
        Param("state", choices=tuple(Alarm.State.values)),
        Param("session", "uuid", "session_id"),
        Param("location", "uuid", "session__location_id"),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> QuerySet[Alarm]:
        return Alarm.objects.visible_to(self.user).select_related("session")

    def acknowledge(self, request: Request, pk: Any) -> Response:
        alarm = self.get_object()
        return self.answer(
            services.acknowledge_alarm(
                alarm_id=alarm.pk, action=self.body()["action"], by=self.user, at=self.at
            )
        )
