"""Addresses. Apps are included by name, so this package imports nothing that stands above it."""

from typing import Any

from django.urls import include, path

from kapclinic.core.http import description, problems
from kapclinic.core.http.routes import Routes

api: list[Any] = [
    path("", include("kapclinic.practice.api.urls")),
    path("", include("programs.api.urls")),
    path("", include("screening.api.urls")),
    path("", include("sessions.urls")),
    path("", include("billing.urls")),
    path("schema/", description.schema, name="schema"),
    path("docs/", description.docs, name="docs"),
]

outside: list[Any] = [
    path("", include("kapclinic.ui.urls")),
    path("", include("kapclinic.trail.api.urls")),
    path("", include("sessions.links.api.page_urls")),
    path("", include("sessions.status.api.metrics_urls")),
]

urlpatterns = [Routes("api/v1/", api), Routes("", outside)]

handler400 = problems.bad_request
handler404 = problems.not_found
handler500 = problems.server_error
