"""Checks and alarms over HTTP. Readings stand in dosing, which knows when the dose was given."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import CLINICIANS, NURSES
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.monitoring import selectors, services
from sessions.monitoring.api import serializers as s
from sessions.monitoring.models import Alarm, Check


class CheckViewSet(ListMixin, RetrieveMixin, InSession):
    object_type = "check"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "not_taken": NURSES}
    inputs: ClassVar = {"not_taken": Reason}
    output = s.CheckOut
    filters = (
        Param("state", lookup="shown", choices=tuple(Check.State.values)),
        Param("kind", choices=tuple(Check.Kind.values)),
    )
    default_order = ("planned_at",)

    def get_queryset(self) -> QuerySet[Check]:
        limits = self.session.program.protocol.limits
        return selectors.checks_at(session_id=self.session.pk, limits=limits, at=self.at)

    def not_taken(self, request: Request, session_id: Any, pk: Any) -> Response:
        check = self.get_object()
        return self.answer(
            services.skip_check(check_id=check.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        )


class SessionAlarmViewSet(InSession):
    """A clinician rings by hand."""

    object_type = "alarm"
    roles: ClassVar = {"create": CLINICIANS}
    inputs: ClassVar = {"create": s.AlarmIn}
    output = s.AlarmOut

    def get_queryset(self) -> QuerySet[Alarm]:
        return Alarm.objects.filter(session=self.session)

    def create(self, request: Request, session_id: Any) -> Response:
        alarm = services.raise_alarm(session=self.lock_session(), **self.body(), by=self.user, at=self.at)
        return self.answer(alarm, status=201)


class AlarmViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "alarm"
    client_path = "session.client_id"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "acknowledge": CLINICIANS}
    inputs: ClassVar = {"acknowledge": s.ActionIn}
    output = s.AlarmOut
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
