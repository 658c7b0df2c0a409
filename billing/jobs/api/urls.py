"""Addresses of the jobs."""

from typing import Any

from django.urls import path

from billing.jobs.api.jobs import ExportViewSet, SuperbillRunViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
FILE: dict[str, Any] = {"get": "file"}
STOP: dict[str, Any] = {"post": "stop"}

urlpatterns = [
    path("superbill-runs/", SuperbillRunViewSet.as_view(LIST)),
    path("superbill-runs/<uuid:pk>/", SuperbillRunViewSet.as_view(ONE)),
    path("superbill-runs/<uuid:pk>/file/", SuperbillRunViewSet.as_view(FILE)),
    path("superbill-runs/<uuid:pk>/stop/", SuperbillRunViewSet.as_view(STOP)),
    path("exports/", ExportViewSet.as_view(LIST)),
    path("exports/<uuid:pk>/", ExportViewSet.as_view(ONE)),
    path("exports/<uuid:pk>/file/", ExportViewSet.as_view(FILE)),
    path("exports/<uuid:pk>/stop/", ExportViewSet.as_view(STOP)),
]
