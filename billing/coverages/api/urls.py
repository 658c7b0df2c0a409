"""Addresses of the coverages."""

from typing import Any

from django.urls import path

from billing.coverages.api import coverages, payers

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("payers/", payers.PayerViewSet.as_view(LIST)),
    path("payers/<uuid:pk>/", payers.PayerViewSet.as_view(ONE)),
    path("coverages/", coverages.CoverageViewSet.as_view(LIST)),
    path("coverages/<uuid:pk>/", coverages.CoverageViewSet.as_view(ONE)),
    path("coverages/<uuid:pk>/void/", coverages.CoverageViewSet.as_view({"post": "void"})),
]
