"""Reports over HTTP."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.rules import DIRECTOR
from kapclinic.trail.http import ClinicViewSet
from screening.rules.instruments import WITH_TOTAL
from sessions.reports import rules, selectors
from sessions.reports.api import report_bodies
from sessions.reports.rules import Asked
from sessions.reports.selectors import Report
from sessions.reports.selectors.outcomes import outcomes

PERIOD = (
    Param("from", "date", doc="first local day; eight weeks before `to` unless given"),
    Param("to", "date", doc="last local day; today unless given"),
    Param("location", "uuid", doc="one of the user's own; all of them unless given"),
)


class ReportViewSet(ClinicViewSet):
    """What the reports have in common: a period and a location, figures over all rows, a page of the rows behind."""

    client_path = "client"
    roles: ClassVar = {"report": DIRECTOR}
    params: ClassVar = {"report": PERIOD}
    paged = frozenset({"report"})
    logged = frozenset({"report"})

    @abstractmethod
    def found(self, asked: Asked) -> Report:
        """The answer of the room."""

    def beside(self) -> dict[str, str]:
        """What else was asked for, as the answer says it."""
        return {}

    def report(self, request: Request) -> Response:
        given = self.query()
        location = given.get("location")
        asked = rules.asked(
            locations=self.user.locations,
            location=location,
            first=given.get("from"),
            last=given.get("to"),
            at=self.at,
        )
        found = self.found(asked)
        page: Any = self.paginate_queryset(found.rows)
        self.touch_all(page)
        told = self.get_paginated_response(page).data
        told["rows"] = told.pop("results")
        period = {"from": asked.first, "to": asked.last, "location": location} | self.beside()
        return Response(self.represent(period | told | {"totals": found.totals, "groups": found.groups}))


class IntegrationViewSet(ReportViewSet):
    """Integration on time, and hours to it, by the week of the dose."""

    object_type = "integration_report"
    output = report_bodies.IntegrationOut

    def found(self, asked: Asked) -> Report:
        return selectors.integration(asked)


class NotesViewSet(ReportViewSet):
    """How long notes wait for their signature, by who writes them; the period is of the days the sessions ended on."""

    object_type = "notes_report"
    output = report_bodies.NotesOut

    def found(self, asked: Asked) -> Report:
        return selectors.notes(asked)


class AlarmsViewSet(ReportViewSet):
    """Alarms acknowledged in time, by their cause; the period is of the days on which they were raised."""

    object_type = "alarms_report"
    output = report_bodies.AlarmsOut

    def found(self, asked: Asked) -> Report:
        return selectors.alarms(asked)


class OutcomesViewSet(ReportViewSet):
    """Response and remission by the number of the dose; the period is of the days on which the measures were taken."""

    object_type = "outcomes_report"
    output = report_bodies.OutcomesReportOut
    params: ClassVar = {
        "report": (*PERIOD, Param("instrument", choices=WITH_TOTAL, doc="phq9 unless given")),
    }

    def beside(self) -> dict[str, str]:
        return {"instrument": self.query().get("instrument") or "phq9"}

    def found(self, asked: Asked) -> Report:
        return outcomes(asked, **self.beside())
