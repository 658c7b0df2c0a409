"""Addresses of the record as a whole."""

from django.urls import path

from billing.records.api.changes import ChangeViewSet

urlpatterns = [
    path("changes/", ChangeViewSet.as_view({"get": "list"})),
]
