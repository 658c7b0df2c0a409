"""Gathers the rooms' models for Django."""

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.coverages.models import Coverage, Payer
from billing.documents.models import DocumentCounter, Receipt, Superbill
from billing.estimates.models import Estimate, EstimateIssue, EstimateLine, EstimateVoid
from billing.ledger.models import Charge, ChargeConfirmation, Payment, PaymentAllocation, Refund
from billing.letters.models import NecessityLetter, NecessityLetterSignature

__all__ = [
    "Charge",
    "ChargeConfirmation",
    "Coverage",
    "Diagnosis",
    "DocumentCounter",
    "Estimate",
    "EstimateIssue",
    "EstimateLine",
    "EstimateVoid",
    "Fee",
    "NecessityLetter",
    "NecessityLetterSignature",
    "Payer",
    "Payment",
    "PaymentAllocation",
    "Receipt",
    "Refund",
    "ServiceCode",
    "Superbill",
]
