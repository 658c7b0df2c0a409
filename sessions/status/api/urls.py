"""Addresses of the status."""

from django.urls import path

from sessions.status.api.status import StatusViewSet

urlpatterns = [path("status/", StatusViewSet.as_view({"get": "status"}))]
