"""Addresses. Apps are included by name, so this package imports nothing that stands above it."""

from typing import Any

from django.urls import include, path

from kapclinic.core.http import description, problems

api: list[Any] = [
    path("", include("kapclinic.practice.api.urls")),
    path("", include("programs.api.urls")),
    path("", include("screening.api.urls")),
    path("", include("sessions.urls")),
    path("", include("billing.urls")),
    path("schema/", description.schema, name="schema"),
    path("docs/", description.docs, name="docs"),
]

urlpatterns = [
    path("", include("kapclinic.ui.urls")),
    path("", include("kapclinic.trail.api.urls")),
    path("", include("sessions.links.api.page_urls")),
    path("", include("sessions.status.api.metrics_urls")),
    path("api/v1/", include(api)),
]

handler400 = problems.bad_request
handler404 = problems.not_found
handler500 = problems.server_error
