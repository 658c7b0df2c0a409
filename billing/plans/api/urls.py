"""Addresses of the payment plans."""

from typing import Any

from django.urls import path

from billing.plans.api import plans

LIST: dict[str, Any] = {"get": "list", "post": "create"}

urlpatterns = [
    path("payment-plans/", plans.PaymentPlanViewSet.as_view(LIST)),
    path("payment-plans/<uuid:pk>/", plans.PaymentPlanViewSet.as_view({"get": "retrieve"})),
    path("payment-plans/<uuid:pk>/cancel/", plans.PaymentPlanViewSet.as_view({"post": "cancel"})),
]
