"""Addresses of the statements."""

from typing import Any

from django.urls import path

from billing.statements.api import accounts, payment_receipts, statements

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve"}
PDF: dict[str, Any] = {"get": "pdf"}

urlpatterns = [
    path("accounts/", accounts.AccountListViewSet.as_view({"get": "list"})),
    path("clients/<uuid:pk>/account/", accounts.AccountViewSet.as_view({"get": "account"})),
    path("payments/<uuid:pk>/receipt/", payment_receipts.PaymentReceiptViewSet.as_view({"get": "receipt"})),
    path("payments/<uuid:pk>/receipt/pdf/", payment_receipts.PaymentReceiptViewSet.as_view(PDF)),
    path("statements/", statements.StatementViewSet.as_view(LIST)),
    path("statements/<uuid:pk>/", statements.StatementViewSet.as_view(ONE)),
    path("statements/<uuid:pk>/pdf/", statements.StatementViewSet.as_view(PDF)),
]
