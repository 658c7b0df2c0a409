"""The biller's worklist over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.capture import selectors
from billing.capture.api.worklist_bodies import WorklistRowOut
from billing.capture.services.worklist import Listed, Waiting, charged_rows
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin
from sessions.booking.models import Session

UNCHARGED = ("ready", "blocked")


def _any(queryset: QuerySet[Session], value: str, user: Any) -> QuerySet[Session]:
    """The state chooses the question, not only some of its rows: see `list`."""
    return queryset


def _with(queryset: QuerySet[Session], value: Any, user: Any) -> QuerySet[Session]:
    return queryset.filter(staff__contains=[{"user": str(value)}])


class WorklistViewSet(ListMixin, ClinicViewSet):
    """Sessions that took place, by what billing has to do with them; `ready` unless told."""

    object_type = "billing_worklist"
    client_path = "client_id"
    roles: ClassVar = {"list": BILLERS}
    output = WorklistRowOut
    filters = (
        Param(
            "state",
            choices=selectors.STATES,
            lookup=_any,
            doc="ready: can be charged, or the rest of it; blocked: something holds it back; charged: on no superbill "
            "yet; issued: on its papers; unpaid: charged, and something of it is owed, issued or not",
        ),
        Param("client", "uuid", of_person("client_id")),
        Param("location", "uuid", "location_id"),
        Param("staff", "uuid", _with, doc="sessions in which this clinician sat"),
        Param("from_date", "date", "day__gte", doc="sessions of this day and later"),
        Param("to_date", "date", "day__lte", doc="sessions of this day and earlier"),
    )
    orderings: ClassVar = {"date": "starts_at"}
    default_order = ("starts_at", "pk")

    def get_queryset(self) -> QuerySet[Session]:
        return selectors.with_day(Session.objects.visible_to(self.user))

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        state = self.query().get("state", "ready")
        sessions = self.narrowed(self.get_queryset())
        if state in UNCHARGED:
            page = self.paginate_queryset(Waiting(selectors.to_charge(sessions, at=self.at), state=state))
        else:
            page = charged_rows(self.paginate_queryset(selectors.charged(sessions, state=state)), state=state)
        self.touch_all(page)
        answer: Response = self.get_paginated_response(
            self.represent([row.as_dict() for row in page], many=True)
        )
        return answer

    def touch_all(self, rows: Iterable[Listed]) -> None:
        for row in rows:
            self.touch(row.session)
