"""Gathers the rooms' models for Django."""

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.documents.models import DocumentCounter, Receipt, Superbill
from billing.ledger.models import Charge, ChargeConfirmation, Payment, PaymentAllocation, Refund

__all__ = [
    "Charge",
    "ChargeConfirmation",
    "Diagnosis",
    "DocumentCounter",
    "Fee",
    "Payment",
    "PaymentAllocation",
    "Receipt",
    "Refund",
    "ServiceCode",
    "Superbill",
]
