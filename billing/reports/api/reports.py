"""Reports over HTTP."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.reports import rules, selectors
from billing.reports.api import report_bodies
from billing.reports.rules import Asked
from billing.reports.selectors import Report
from kapclinic.core.http.params import Param
from kapclinic.practice.rules import BILLERS
from kapclinic.trail.http import ClinicViewSet

PERIOD = (
    Param("from_date", "date", doc="this day and later"),
    Param("to_date", "date", doc="this day and earlier"),
    Param("location", "uuid"),
)


class ReportViewSet(ClinicViewSet):
    """What the reports have in common: a period and a location, sums over all rows, and a page of the rows behind."""

    client_path = "client"
    roles: ClassVar = {"report": BILLERS}
    params: ClassVar = {"report": PERIOD}
    paged = frozenset({"report"})
    logged = frozenset({"report"})

    @abstractmethod
    def found(self, asked: Asked) -> Report:
        """The answer of the room."""

    def report(self, request: Request) -> Response:
        given = {name: self.query().get(name) for name in ("from_date", "to_date", "location")}
        asked = rules.asked(locations=tuple(self.user.locations), at=self.at, **given)
        found = self.found(asked)
        page: Any = self.paginate_queryset(found.rows)  # type: ignore[arg-type]  # a slice and a count will do
        self.touch_all(page)
        told = self.get_paginated_response(page).data
        told["rows"] = told.pop("results")
        body = given | told | {"totals": found.totals, "groups": found.groups}
        return Response(self.represent(body))


class AgeingViewSet(ReportViewSet):
    """Open balances of charges by their age today; the period is of the days of service."""

    object_type = "ageing_report"
    output = report_bodies.AgeingOut

    def found(self, asked: Asked) -> Report:
        return selectors.ageing(asked)


class DepositsViewSet(ReportViewSet):
    """Money by day and method: payments as received, their reversals and refunds as entered."""

    object_type = "deposits_report"
    output = report_bodies.DepositsOut

    def found(self, asked: Asked) -> Report:
        return selectors.deposits(asked)


class WriteOffsViewSet(ReportViewSet):
    """What was written off or given up as bad debt, by the day on which it was entered."""

    object_type = "write_offs_report"
    output = report_bodies.WriteOffsOut

    def found(self, asked: Asked) -> Report:
        return selectors.write_offs(asked)


class PackageLiabilityViewSet(ReportViewSet):
    """What packages owed at the beginning and the end of the period, and what moved in between."""

    object_type = "package_liability_report"
    output = report_bodies.LiabilityOut

    def found(self, asked: Asked) -> Report:
        return selectors.package_liability(asked)
