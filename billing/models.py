"""Gathers the rooms' models for Django."""

from billing.codes.models import Diagnosis, Fee, ServiceCode
from billing.coverages.models import Coverage, Payer
from billing.documents.models import DocumentCounter, Receipt, ReceiptVoid, Superbill, SuperbillVoid
from billing.estimates.models import Estimate, EstimateIssue, EstimateLine, EstimateVoid
from billing.jobs.models import Job, JobFile, JobItem, JobResult
from billing.ledger.models import Adjustment, Charge, ChargeConfirmation, Payment, PaymentAllocation, Refund
from billing.letters.models import NecessityLetter, NecessityLetterSignature
from billing.packages.models import Package, PackageCancellation, PackageDraw, PackagePurchase
from billing.plans.models import PaymentPlan
from billing.records.models import (
    PracticeExport,
    PracticeExportPiece,
    RecordExport,
    RecordExportFile,
    RecordExportPart,
    RecordExportPiece,
)
from billing.scales.models import FeeAgreement, SlidingScale
from billing.statements.models import Statement

__all__ = [
    "Adjustment",
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
    "FeeAgreement",
    "Job",
    "JobFile",
    "JobItem",
    "JobResult",
    "NecessityLetter",
    "NecessityLetterSignature",
    "Package",
    "PackageCancellation",
    "PackageDraw",
    "PackagePurchase",
    "Payer",
    "Payment",
    "PaymentAllocation",
    "PaymentPlan",
    "PracticeExport",
    "PracticeExportPiece",
    "Receipt",
    "ReceiptVoid",
    "RecordExport",
    "RecordExportFile",
    "RecordExportPart",
    "RecordExportPiece",
    "Refund",
    "ServiceCode",
    "SlidingScale",
    "Statement",
    "Superbill",
    "SuperbillVoid",
]
