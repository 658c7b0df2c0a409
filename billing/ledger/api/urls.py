"""Addresses of the ledger."""

from typing import Any

from django.urls import path

from billing.ledger.api import views

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
REVERSE: dict[str, Any] = {"post": "reverse"}

urlpatterns = [
    path("charges/", views.ChargeViewSet.as_view(LIST)),
    path("charges/<uuid:pk>/", views.ChargeViewSet.as_view(ONE)),
    path("charges/<uuid:pk>/reverse/", views.ChargeViewSet.as_view(REVERSE)),
    path("payments/", views.PaymentViewSet.as_view(LIST)),
    path("payments/<uuid:pk>/", views.PaymentViewSet.as_view(ONE)),
    path("payments/<uuid:pk>/allocate/", views.PaymentViewSet.as_view({"post": "allocate"})),
    path("payments/<uuid:pk>/reverse/", views.PaymentViewSet.as_view(REVERSE)),
    path("refunds/", views.RefundViewSet.as_view(LIST)),
    path("refunds/<uuid:pk>/", views.RefundViewSet.as_view(ONE)),
    path("refunds/<uuid:pk>/reverse/", views.RefundViewSet.as_view(REVERSE)),
]
