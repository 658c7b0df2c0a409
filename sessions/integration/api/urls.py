"""Addresses of the integration worklist."""

from django.urls import path

from sessions.integration.api import obligations

urlpatterns = [
    path("obligations/", obligations.ObligationViewSet.as_view({"get": "list"})),
    path("obligations/<uuid:pk>/", obligations.ObligationViewSet.as_view({"get": "retrieve"})),
]
