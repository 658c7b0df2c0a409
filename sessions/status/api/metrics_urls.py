"""The address of the figures, outside of the API."""

from django.urls import path

from sessions.status.api.metrics import metrics

urlpatterns = [path("metrics", metrics)]
