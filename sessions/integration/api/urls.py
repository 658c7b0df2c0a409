"""Addresses of the integration worklist."""

from django.urls import path

from sessions.integration.api import views

urlpatterns = [
    path("obligations/", views.ObligationViewSet.as_view({"get": "list"})),
    path("obligations/<uuid:pk>/", views.ObligationViewSet.as_view({"get": "retrieve"})),
]
