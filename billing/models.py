"""Gathers the rooms' models for Django."""

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.documents.models import DocumentCounter, Receipt, Superbill
from billing.ledger.models import Charge, Payment, PaymentAllocation, Refund
from billing.packages.models import Package, PackageCancellation, PackageDraw, PackagePurchase
from billing.plans.models import PaymentPlan

__all__ = [
    "Charge",
    "Diagnosis",
    "DocumentCounter",
    "Fee",
    "Package",
    "PackageCancellation",
    "PackageDraw",
    "PackagePurchase",
    "Payment",
    "PaymentAllocation",
    "PaymentPlan",
    "Receipt",
    "Refund",
    "ServiceCode",
    "Superbill",
]
