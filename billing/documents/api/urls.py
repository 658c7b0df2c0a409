"""Addresses of the documents."""

from typing import Any

from django.urls import path

from billing.documents.api import receipts, superbills

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
PDF: dict[str, Any] = {"get": "pdf"}

urlpatterns = [
    path("superbills/", superbills.SuperbillViewSet.as_view(LIST)),
    path("superbills/<uuid:pk>/", superbills.SuperbillViewSet.as_view(ONE)),
    path("superbills/<uuid:pk>/void/", superbills.SuperbillViewSet.as_view({"post": "void"})),
    path("superbills/<uuid:pk>/pdf/", superbills.SuperbillViewSet.as_view(PDF)),
    path("receipts/", receipts.ReceiptViewSet.as_view(LIST)),
    path("receipts/<uuid:pk>/", receipts.ReceiptViewSet.as_view(ONE)),
    path("receipts/<uuid:pk>/void/", receipts.ReceiptViewSet.as_view({"post": "void"})),
    path("receipts/<uuid:pk>/pdf/", receipts.ReceiptViewSet.as_view(PDF)),
]
