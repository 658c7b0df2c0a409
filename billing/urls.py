"""Addresses of billing, room by room."""

from django.urls import include, path

urlpatterns = [
    path("", include("billing.codes.api.urls")),
    path("", include("billing.scales.api.urls")),
    path("", include("billing.ledger.api.urls")),
    path("", include("billing.packages.api.urls")),
    path("", include("billing.plans.api.urls")),
    path("", include("billing.coverages.api.urls")),
    path("", include("billing.documents.api.urls")),
    path("", include("billing.estimates.api.urls")),
    path("", include("billing.letters.api.urls")),
    path("", include("billing.statements.api.urls")),
    path("", include("billing.reports.api.urls")),
    path("", include("billing.records.api.urls")),
    path("", include("billing.jobs.api.urls")),
    path("", include("billing.capture.api.urls")),
]
