"""Gathers the rooms' models for Django."""

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.documents.models import DocumentCounter, Receipt, Superbill
from billing.jobs.models import Job, JobFile, JobItem, JobResult
from billing.ledger.models import Charge, Payment, PaymentAllocation, Refund

__all__ = [
    "Charge",
    "Diagnosis",
    "DocumentCounter",
    "Fee",
    "Job",
    "JobFile",
    "JobItem",
    "JobResult",
    "Payment",
    "PaymentAllocation",
    "Receipt",
    "Refund",
    "ServiceCode",
    "Superbill",
]
