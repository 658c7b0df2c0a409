"""Addresses of the scales."""

from typing import Any

from django.urls import path

from billing.scales.api import fee_agreements, sliding_scales

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("sliding-scales/", sliding_scales.SlidingScaleViewSet.as_view(LIST)),
    path("sliding-scales/<uuid:pk>/", sliding_scales.SlidingScaleViewSet.as_view(ONE)),
    path("fee-agreements/", fee_agreements.FeeAgreementViewSet.as_view(LIST)),
    path("fee-agreements/<uuid:pk>/", fee_agreements.FeeAgreementViewSet.as_view(ONE)),
    path("fee-agreements/<uuid:pk>/void/", fee_agreements.FeeAgreementViewSet.as_view({"post": "void"})),
]
