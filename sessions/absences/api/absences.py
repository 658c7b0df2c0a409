"""Absences over HTTP: what one would break, and one that is kept with every move."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.practice.models import TimeOff
from kapclinic.practice.rules import ABSENCE_ROLES, BOOKERS
from kapclinic.trail.http import ClinicViewSet
from sessions.absences import services
from sessions.absences.api.absence_bodies import AbsenceIn, AbsenceOut, AbsencePreviewOut, AbsenceRecordIn
from sessions.booking.models import Session


class AbsenceViewSet(ClinicViewSet):
    """Mark somebody away: `preview/` shows what that breaks, and the absence is kept with every move, or not at all.

    The administrator says who is away; moves belong to those who book.
    """

    object_type = "absence"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("create", "preview"), ABSENCE_ROLES)
    inputs: ClassVar = {"create": AbsenceRecordIn, "preview": AbsenceIn}
    outputs: ClassVar = {"create": AbsenceOut, "preview": AbsencePreviewOut}

    def get_queryset(self) -> QuerySet[TimeOff]:
        return TimeOff.objects.filter(user__locations__overlap=list(self.user.locations))

    def preview(self, request: Request) -> Response:
        body = self.body()
        found = services.preview(
            user_id=body["user"],
            starts_at=body["starts_at"],
            ends_at=body["ends_at"],
            by=self.user,
            at=self.at,
        )
        if self.user.role_set & BOOKERS:  # others are shown no client's session
            self.touch_all(session for session, _ in found["sessions"])
        rows = [_broken(session, ways) for session, ways in found["sessions"]]
        return Response(self.represent({**found, "sessions": rows}))

    def create(self, request: Request) -> Response:
        body = self.body()
        kept = services.record(
            user_id=body.pop("user"), moves=body.pop("moves"), **body, by=self.user, at=self.at
        )
        self.touch_all(kept.sessions)
        self._object_id = kept.time_off.pk
        return Response(self.represent(kept), status=201)


def _broken(session: Session, ways: list[Any]) -> Session:
    session.replacements = [way.as_dict() for way in ways]  # type: ignore[attr-defined]
    return session
