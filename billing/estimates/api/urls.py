"""Addresses of the estimates."""

from typing import Any

from django.urls import path

from billing.estimates.api import estimates

LIST: dict[str, Any] = {"get": "list", "post": "create"}

urlpatterns = [
    path("estimates/", estimates.EstimateViewSet.as_view(LIST)),
    path("estimates/proposed/", estimates.EstimateViewSet.as_view({"get": "proposed"})),
    path("estimates/<uuid:pk>/", estimates.EstimateViewSet.as_view({"get": "retrieve"})),
    path("estimates/<uuid:pk>/issue/", estimates.EstimateViewSet.as_view({"post": "issue"})),
    path("estimates/<uuid:pk>/void/", estimates.EstimateViewSet.as_view({"post": "void"})),
    path("estimates/<uuid:pk>/pdf/", estimates.EstimateViewSet.as_view({"get": "pdf"})),
]
