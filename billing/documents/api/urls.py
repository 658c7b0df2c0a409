"""Addresses of the documents."""

from typing import Any

from django.urls import path

from billing.documents.api import views

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
PDF: dict[str, Any] = {"get": "pdf"}

urlpatterns = [
    path("superbills/", views.SuperbillViewSet.as_view(LIST)),
    path("superbills/<uuid:pk>/", views.SuperbillViewSet.as_view(ONE)),
    path("superbills/<uuid:pk>/pdf/", views.SuperbillViewSet.as_view(PDF)),
    path("receipts/", views.ReceiptViewSet.as_view(LIST)),
    path("receipts/<uuid:pk>/", views.ReceiptViewSet.as_view(ONE)),
    path("receipts/<uuid:pk>/pdf/", views.ReceiptViewSet.as_view(PDF)),
]
