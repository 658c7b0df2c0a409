"""Addresses of the codes."""

from typing import Any

from django.urls import path

from billing.codes.api import views

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}

urlpatterns = [
    path("service-codes/", views.ServiceCodeViewSet.as_view(LIST)),
    path("service-codes/<uuid:pk>/", views.ServiceCodeViewSet.as_view(ONE)),
    path("fees/", views.FeeViewSet.as_view(LIST)),
    path("fees/<uuid:pk>/", views.FeeViewSet.as_view(ONE)),
]
