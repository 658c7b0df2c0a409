"""Addresses of the packages."""

from typing import Any

from django.urls import path

from billing.packages.api import packages, purchases

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("packages/", packages.PackageViewSet.as_view(LIST)),
    path("packages/<uuid:pk>/", packages.PackageViewSet.as_view(ONE)),
    path("package-purchases/", purchases.PurchaseViewSet.as_view(LIST)),
    path("package-purchases/<uuid:pk>/", purchases.PurchaseViewSet.as_view({"get": "retrieve"})),
    path("package-purchases/<uuid:pk>/cancel/", purchases.PurchaseViewSet.as_view({"post": "cancel"})),
]
