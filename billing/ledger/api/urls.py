"""Addresses of the ledger."""

from typing import Any

from django.urls import path

from billing.ledger.api import adjustments, charges, payments, refunds, timelines

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
REVERSE: dict[str, Any] = {"post": "reverse"}

urlpatterns = [
    path("charges/", charges.ChargeViewSet.as_view(LIST)),
    path("charges/<uuid:pk>/", charges.ChargeViewSet.as_view(ONE)),
    path("charges/<uuid:pk>/confirm/", charges.ChargeViewSet.as_view({"post": "confirm"})),
    path("charges/<uuid:pk>/reverse/", charges.ChargeViewSet.as_view(REVERSE)),
    path("adjustments/", adjustments.AdjustmentViewSet.as_view(LIST)),
    path("adjustments/<uuid:pk>/", adjustments.AdjustmentViewSet.as_view(ONE)),
    path("adjustments/<uuid:pk>/reverse/", adjustments.AdjustmentViewSet.as_view(REVERSE)),
    path("payments/", payments.PaymentViewSet.as_view(LIST)),
    path("payments/<uuid:pk>/", payments.PaymentViewSet.as_view(ONE)),
    path("payments/<uuid:pk>/allocate/", payments.PaymentViewSet.as_view({"post": "allocate"})),
    path("payments/<uuid:pk>/reverse/", payments.PaymentViewSet.as_view(REVERSE)),
    path("programs/<uuid:pk>/timeline/", timelines.TimelineViewSet.as_view({"get": "timeline"})),
    path("refunds/", refunds.RefundViewSet.as_view(LIST)),
    path("refunds/<uuid:pk>/", refunds.RefundViewSet.as_view(ONE)),
    path("refunds/<uuid:pk>/reverse/", refunds.RefundViewSet.as_view(REVERSE)),
]
