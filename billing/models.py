"""Gathers the rooms' models for Django."""

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.documents.models import DocumentCounter, Receipt, Superbill
from billing.ledger.models import Adjustment, Charge, Payment, PaymentAllocation, Refund
from billing.scales.models import FeeAgreement, SlidingScale
from billing.statements.models import Statement

__all__ = [
    "Adjustment",
    "Charge",
    "Diagnosis",
    "DocumentCounter",
    "Fee",
    "FeeAgreement",
    "Payment",
    "PaymentAllocation",
    "Receipt",
    "Refund",
    "ServiceCode",
    "SlidingScale",
    "Statement",
    "Superbill",
]
