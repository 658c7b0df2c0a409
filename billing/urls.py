"""Addresses of billing, room by room."""

from django.urls import include, path

urlpatterns = [
    path("", include("billing.codes.api.urls")),
    path("", include("billing.ledger.api.urls")),
    path("", include("billing.documents.api.urls")),
    path("", include("billing.capture.api.urls")),
]
