"""Alarms over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core import transitions
from kapclinic.core.http.lists import Path
from kapclinic.core.http.params import Param
from kapclinic.practice.models import Role
from kapclinic.practice.rules import CLINICIANS
from kapclinic.trail.http import RetrieveMixin
from sessions.booking.http import InNames, InSession, NamedList
from sessions.booking.selectors.about import Ref
from sessions.monitoring import selectors, services
from sessions.monitoring.api import alarm_bodies
from sessions.monitoring.models import Alarm
from sessions.monitoring.rules import ALARM_MOVES


class SessionAlarmViewSet(InNames, InSession):
    """A clinician rings by hand."""

    object_type = "alarm"
    roles: ClassVar = {"create": CLINICIANS}
    inputs: ClassVar = {"create": alarm_bodies.AlarmIn}
    output = alarm_bodies.ListedAlarmOut
    vital = frozenset({"create"})

    def get_queryset(self) -> QuerySet[Alarm]:
        return Alarm.objects.filter(session=self.session)

    def ref(self, row: Alarm) -> Ref:
        return Ref(row=row.pk, session=row.session_id)

    def create(self, request: Request, session_id: Any) -> Response:
        alarm = services.raise_alarm(session=self.lock_session(), **self.body(), by=self.user, at=self.at)
        return self.answer(alarm, status=201)


class AlarmViewSet(NamedList, InNames, RetrieveMixin):
    object_type = "alarm"
    client_path = "session.client_id"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "acknowledge": CLINICIANS}
    inputs: ClassVar = {"acknowledge": alarm_bodies.ActionIn}
    output = alarm_bodies.ListedAlarmOut
    vital = frozenset({"list", "retrieve", "acknowledge"})
    filters = (
        Param("state", choices=tuple(Alarm.State.values), several=True),
        Param("session", "uuid", "session_id"),
        Param("location", "uuid", "location_id"),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)
    beside: ClassVar = {"client": "s.client_id"}

    @classmethod
    def visible(cls, user: Any, path: Path) -> QuerySet[Alarm]:
        return Alarm.objects.visible_to(user)

    @classmethod
    def columns(cls, queryset: QuerySet[Alarm], user: Any) -> QuerySet[Alarm, Any]:
        return selectors.alarm_rows(queryset)

    def in_words(self, row: Any) -> dict[str, Any]:
        nurses = [seat["name"] for seat in row["staff"] if seat["role"] == Role.NURSE_PRACTITIONER]
        return {
            "label": alarm_bodies.to_do(row["cause"], row["state"]),
            "assigned_to": nurses[0] or None if nurses else None,
            "check": row["check_row"],
            "allowed_moves": transitions.allowed(ALARM_MOVES, state=row["state"], by=self.user),
        }

    def get_queryset(self) -> QuerySet[Alarm]:
        return Alarm.objects.visible_to(self.user).select_related("session__client", "session__room")

    def ref(self, row: Alarm) -> Ref:
        return Ref(row=row.pk, seen=row.session)

    def acknowledge(self, request: Request, pk: Any) -> Response:
        alarm = self.get_object()
        return self.answer(
            services.acknowledge_alarm(
                alarm_id=alarm.pk, action=self.body()["action"], by=self.user, at=self.at
            )
        )
