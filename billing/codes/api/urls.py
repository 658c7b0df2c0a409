"""Addresses of the codes."""

from typing import Any

from django.urls import path

from billing.codes.api import fees, service_codes

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("service-codes/", service_codes.ServiceCodeViewSet.as_view(LIST)),
    path("service-codes/<uuid:pk>/", service_codes.ServiceCodeViewSet.as_view(ONE)),
    path("fees/", fees.FeeViewSet.as_view(LIST)),
    path("fees/<uuid:pk>/", fees.FeeViewSet.as_view(ONE)),
]
