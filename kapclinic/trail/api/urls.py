"""Addresses of the process's health, outside of the API. The worklist's are served by `sessions.boards`, with names."""

from django.urls import path

from kapclinic.trail.api.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
]
