"""Addresses of the reports."""

from typing import Any

from django.urls import path

from sessions.reports.api import reports

REPORT: dict[str, Any] = {"get": "report"}

urlpatterns = [
    path("reports/integration/", reports.IntegrationViewSet.as_view(REPORT)),
    path("reports/notes/", reports.NotesViewSet.as_view(REPORT)),
    path("reports/alarms/", reports.AlarmsViewSet.as_view(REPORT)),
    path("reports/outcomes/", reports.OutcomesViewSet.as_view(REPORT)),
]
