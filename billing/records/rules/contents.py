"""What an export of a record holds: each table of a client, under the file that it goes into, and what is left out.

Source: the designated record set, 45 CFR 164.501 and 164.524(a)(1): medical and billing records that decisions are made
on, without psychotherapy notes. A note that is not signed is no record yet; a new table is refused by a test until it
stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from billing.coverages.models import Coverage
from billing.documents.models import Receipt, ReceiptVoid, Superbill, SuperbillVoid
from billing.estimates.models import Estimate, EstimateIssue, EstimateLine, EstimateVoid
from billing.ledger.models import Adjustment, Charge, ChargeConfirmation, Payment, PaymentAllocation, Refund
from billing.letters.models import NecessityLetter, NecessityLetterSignature
from billing.packages.models import PackageCancellation, PackageDraw, PackagePurchase
from billing.plans.models import PaymentPlan
from billing.scales.models import FeeAgreement
from billing.statements.models import Statement
from kapclinic.practice.models import Client, Death, DeathVoid
from programs.models import PhaseSpan, Program
from screening import models as screening
from sessions import models as sessions

PROGRAM, SESSION = "program__client", "session__client"


@dataclass(frozen=True)
class Table:
    """A table and the way from it to its client; `only` narrows it."""

    model: type[models.Model]
    client: str
    only: Mapping[str, Any] = field(default_factory=dict)


SIGNED = {"status__in": [sessions.Note.Status.SIGNED, sessions.Note.Status.COSIGN_PENDING]}
UNDER_SIGNED = {f"note__{name}": value for name, value in SIGNED.items()}
SECTIONS: Mapping[str, tuple[Table, ...]] = {
    "client.json": (Table(Client, "pk"), Table(Death, "client"), Table(DeathVoid, "death__client")),
    "programs.json": (
        Table(Program, "client"),
        Table(PhaseSpan, PROGRAM),
        Table(sessions.Obligation, "client"),
        Table(sessions.WaitlistEntry, PROGRAM),
    ),
    "screening.json": (
        Table(screening.Screening, PROGRAM),
        Table(screening.Finding, "screening__program__client"),
        Table(screening.Medication, "client"),
        Table(screening.MedicationMapping, "medication__client"),
        Table(screening.Allergy, "client"),
        Table(screening.AllergyVoid, "allergy__client"),
        Table(screening.NoneKnown, "client"),
        Table(screening.NoneKnownEnd, "none_known__client"),
        Table(screening.Clearance, PROGRAM),
        Table(screening.SuspendingFact, "client"),
        Table(screening.Suspension, "fact__client"),
        Table(screening.Uphold, "suspension__fact__client"),
        Table(screening.Consent, PROGRAM),
        Table(screening.Measure, PROGRAM),
        Table(screening.MeasureVoid, "measure__program__client"),
        Table(screening.LabResult, "client"),
        Table(screening.LabResultVoid, "lab_result__client"),
        Table(sessions.ClientAnswer, "link__client"),
        Table(screening.SafetyAlert, PROGRAM),
        Table(screening.AlertRelease, "alert__program__client"),
        Table(screening.SafetyPlan, "client"),
        Table(screening.SafetyPlanVoid, "plan__client"),
    ),
    "sessions.json": (
        Table(sessions.Session, "client"),
        Table(sessions.Stage, SESSION),
        Table(sessions.MoveUndo, SESSION),
        Table(sessions.Attestation, SESSION),
        Table(sessions.Order, SESSION),
        Table(sessions.OrderApproval, "order__session__client"),
        Table(sessions.Administration, SESSION),
        Table(sessions.AdministrationFinish, "administration__session__client"),
        Table(sessions.AdministrationVoid, "administration__session__client"),
        Table(sessions.GateOverride, SESSION),
        Table(sessions.Reading, SESSION),
        Table(sessions.ReadingVoid, "reading__session__client"),
        Table(sessions.Check, SESSION),
        Table(sessions.Alarm, SESSION),
        Table(sessions.AdverseEvent, SESSION),
        Table(sessions.AdverseEventFollowUp, "event__session__client"),
        Table(sessions.AdverseEventReview, "event__session__client"),
        Table(sessions.Discharge, SESSION),
        Table(sessions.RemsRecord, SESSION),
        Table(sessions.DrugEntry, "client"),
        Table(sessions.RecordEntry, SESSION),
        Table(sessions.RecordEntryVoid, "entry__session__client"),
    ),
    "notes.json": (
        Table(sessions.Note, SESSION, SIGNED),
        Table(sessions.Addendum, "note__session__client", UNDER_SIGNED),
    ),
    "rights.json": (
        Table(sessions.AmendmentRequest, "client"),
        Table(sessions.Disclosure, "client"),
        Table(sessions.DisclosureVoid, "disclosure__client"),
        Table(sessions.Attachment, "client"),
        Table(sessions.AttachmentVoid, "attachment__client"),
    ),
    "billing.json": (
        Table(Coverage, "client"),
        Table(FeeAgreement, "client"),
        Table(Charge, "client"),
        Table(ChargeConfirmation, "charge__client"),
        Table(Adjustment, "charge__client"),
        Table(Payment, "client"),
        Table(PaymentAllocation, "payment__client"),
        Table(Refund, "payment__client"),
        Table(Superbill, "client"),
        Table(SuperbillVoid, "superbill__client"),
        Table(Receipt, "client"),
        Table(ReceiptVoid, "receipt__client"),
        Table(Statement, "client"),
        Table(Estimate, "client"),
        Table(EstimateLine, "estimate__client"),
        Table(EstimateIssue, "estimate__client"),
        Table(EstimateVoid, "estimate__client"),
        Table(NecessityLetter, "client"),
        Table(NecessityLetterSignature, "letter__client"),
        Table(PackagePurchase, "client"),
        Table(PackageDraw, "purchase__client"),
        Table(PackageCancellation, "purchase__client"),
        Table(PaymentPlan, "client"),
    ),
}

# Tables that lead to a client and are no part of the copy, each with the reason.
LEFT_OUT: Mapping[str, str] = {
    "PsychotherapyNote": "its author's alone (45 CFR 164.524(a)(1)(i))",
    "NoteDiscard": "of drafts that never became record",
    "NoteReturn": "a colleague's comment on words that were not record yet",
    "OwedNote": "who is to write a note",
    "GateOverrideReading": "how the practice looks after its own decisions",
    "ClientLink": "how a client was asked; what they answered is in the copy",
    "ClientAlias": "how the practice keeps its registrations",
    "SessionHold": "a slot that was kept for some minutes",
    "Allocation": "rooms and staff of the calendar",
    "WaitlistOffer": "what was offered, and to whom else",
    "EvidenceBundle": "the evidence is in the copy as its paper",
    "DrugDiscrepancy": "the clinic's own case about a lot",
    "DrugCountLine": "the clinic's own count of its safe",
    "AttachmentContent": "the file itself is in the copy",
    "LegalHold": "a matter of counsel, not of care",
    "LegalHoldLift": "a matter of counsel, not of care",
    "JobItem": "the practice's own runs and exports",
    "JobResult": "the practice's own runs and exports",
    "RecordExport": "copies like this one",
    "RecordExportPart": "copies like this one",
    "RecordExportFile": "copies like this one",
    "RecordExportPiece": "copies like this one",
}
NO_COLUMN = frozenset({"version", "updated_at", "search_text", "sealed"})
