"""Addresses of the reports."""

from typing import Any

from django.urls import path

from billing.reports.api import reports

REPORT: dict[str, Any] = {"get": "report"}

urlpatterns = [
    path("reports/ageing/", reports.AgeingViewSet.as_view(REPORT)),
    path("reports/deposits/", reports.DepositsViewSet.as_view(REPORT)),
    path("reports/write-offs/", reports.WriteOffsViewSet.as_view(REPORT)),
    path("reports/package-liability/", reports.PackageLiabilityViewSet.as_view(REPORT)),
]
