"""Tables of screening. Every row reaches its location and client through its program (a medication: its client)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kapclinic.core.audited import (
    AuditedBase,
    AuditedModel,
    AuditedQuerySet,
    history,
)
from kapclinic.practice.models import User
from programs.models import Program
from screening.models.alerts import AlertCause, AlertRelease, SafetyPlan, SafetyPlanVoid
from screening.models.allergies import Allergy, AllergyVoid, NoneKnown, NoneKnownEnd
from screening.models.consent_documents import ConsentDocument
from screening.models.labs import LabKind, LabResult, LabResultVoid, LabWord
from screening.models.measures import Measure
from screening.models.medications import Medication, MedicationMapping
from screening.models.suspensions import SuspendingCode, SuspendingFact, Suspension, Uphold
from screening.models.voids import MeasureVoid

__all__ = [
    "AlertRelease",
    "Allergy",
    "AllergyVoid",
    "Clearance",
    "Consent",
    "ConsentDocument",
    "Finding",
    "LabKind",
    "LabResult",
    "LabResultVoid",
    "LabWord",
    "Measure",
    "MeasureVoid",
    "Medication",
    "MedicationMapping",
    "NoneKnown",
    "NoneKnownEnd",
    "SafetyAlert",
    "SafetyPlan",
    "SafetyPlanVoid",
    "Screening",
    "SuspendingCode",
    "SuspendingFact",
    "Suspension",
    "Uphold",
]


class ProgramScopedQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> ProgramScopedQuerySet:
        """Rows of programs at the user's own locations."""
        return self.filter(program__location__in=list(user.locations))


class Screening(AuditedModel):
    """One assessment before dosing: what was answered, measured and taken. Submitted, its facts never change.

    Submitted again it is weighed anew: its findings are those of the last `weighing`, and earlier ones are kept.
    `carried_from` is the one of the course before, whose words, times and decision these are.

    `answers` {CODE: true | false | "unknown" | {"value", "note"?, "degree"?}}, true meaning the condition is present;
    `blood_pressures` [{"systolic", "diastolic" (mmHg), "heart_rate"? (/min), "measured_at" (UTC)}];
    `medications` [{"text"}] as the client gave them.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        SUBMITTED = "submitted"
        DECIDED = "decided"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="screenings", db_index=False)
    answers = models.JSONField(default=dict)
    blood_pressures = models.JSONField(default=list)
    medications = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    weighing = models.PositiveSmallIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    carried_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[Any] = ProgramScopedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="screening_status",
                condition=Q(status="draft", submitted_at__isnull=True, decided_at__isnull=True)
                | Q(status="submitted", submitted_at__isnull=False, decided_at__isnull=True)
                | Q(status="decided", submitted_at__isnull=False, decided_at__isnull=False),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["program", "-created_at"], name="screening_program")
        ]

    def __str__(self) -> str:
        return f"screening {self.pk}"


class Finding(AuditedModel):
    """What a rule said at one weighing, once per code (unmapped medicines: once each). Resolved once, in words.

    `flags`: `trend` where pressures beyond hold were measured on two local days.
    """

    class Severity(models.TextChoices):
        ABSOLUTE = "absolute"
        RELATIVE = "relative"
        INFO = "info"
        UNKNOWN = "unknown"

    screening = models.ForeignKey(
        Screening, on_delete=models.PROTECT, related_name="findings", db_index=False
    )
    weighing = models.PositiveSmallIntegerField(default=1)
    code = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    evidence = models.TextField()
    source = models.CharField(max_length=300)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    medication = models.ForeignKey(Medication, on_delete=models.PROTECT, null=True, related_name="+")
    resolution = models.TextField(blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["screening", "weighing", "code", "medication"],
                nulls_distinct=False,
                name="finding_once",
            ),
            models.CheckConstraint(
                name="finding_severity", condition=Q(severity__in=["absolute", "relative", "info", "unknown"])
            ),
            models.CheckConstraint(
                name="finding_resolution",
                condition=Q(resolution="", resolved_by__isnull=True, resolved_at__isnull=True)
                | (~Q(resolution="") & Q(resolved_by__isnull=False, resolved_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.severity}"


class Clearance(AuditedModel):
    """A prescriber's decision on one screening. It never changes; it ends on `expires_on` (local date) or is voided.

    What comes after it may suspend one that cleared (`Suspension`); `rules.clearance_state` says how it stands.
    """

    class Decision(models.TextChoices):
        CLEARED = "cleared"
        DECLINED = "declined"
        DEFERRED = "deferred"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="clearances", db_index=False)
    screening = models.OneToOneField(Screening, on_delete=models.PROTECT, related_name="clearance")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    rationale = models.TextField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    expires_on = models.DateField(null=True)
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = ProgramScopedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="clearance_decision",
                condition=Q(decision="cleared", expires_on__isnull=False)
                | Q(decision__in=["declined", "deferred"], expires_on__isnull=True),
            ),
            models.CheckConstraint(
                name="clearance_void",
                condition=Q(voided_at__isnull=True, voided_by__isnull=True, void_reason="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["program", "-valid_from"], name="clearance_program"),
            models.Index(
                fields=["expires_on"],
                condition=Q(decision="cleared", voided_at__isnull=True),
                name="clearance_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.valid_from}"


class Consent(AuditedBase):
    """One document put before a client: the exact text, its hash, and who signed it how. Signed, it is only revoked.

    `carried_from` is the signature under the course before, which counts on here.

    ESIGN/UETA record (15 USC 7001): signer, method, UTC time, text with version and SHA-256, staff member present; at a
    distance `collected_by` is who sent the link.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        SIGNED = "signed"
        REVOKED = "revoked"

    class Method(models.TextChoices):
        DRAWN = "drawn"
        TYPED = "typed"
        REMOTE = "remote"  # typed by the client at a distance, by a link

    class Relationship(models.TextChoices):
        SELF = "self"
        GUARDIAN = "guardian"
        PROXY = "proxy"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="consents", db_index=False)
    document = models.CharField(max_length=30)
    document_version = models.CharField(max_length=10)
    language = models.CharField(max_length=8)
    text = models.TextField()
    content_hash = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    own_document = models.ForeignKey(
        ConsentDocument, on_delete=models.PROTECT, null=True, related_name="+"
    )  # the clinic's own text, if it is one
    signer_name = models.CharField(max_length=160, blank=True)
    signer_relationship = models.CharField(max_length=10, choices=Relationship.choices, blank=True)
    method = models.CharField(max_length=10, choices=Method.choices, blank=True)
    signature = models.TextField(blank=True)
    signed_at = models.DateTimeField(null=True)
    collected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    carried_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    revoke_reason = models.CharField(max_length=1000, blank=True)

    objects: ClassVar[Any] = ProgramScopedQuerySet.as_manager()
    history = history(without=("text", "signature"))  # the row itself can't change them once signed

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="consent_status",
                condition=Q(status="draft", signed_at__isnull=True, revoked_at__isnull=True)
                | Q(status="signed", signed_at__isnull=False, revoked_at__isnull=True)
                | Q(status="revoked", signed_at__isnull=False, revoked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="consent_signer",
                condition=Q(signed_at__isnull=True)
                | (
                    Q(method__in=["drawn", "typed", "remote"], collected_by__isnull=False)
                    & ~Q(signer_name="")
                ),
            ),
            models.CheckConstraint(
                name="consent_relationship",  # of what is in force, as the drawing
                condition=~Q(status="signed") | Q(signer_relationship__in=["self", "guardian", "proxy"]),
            ),
            models.CheckConstraint(
                name="consent_drawing",  # of what is in force: one that was signed before may still be revoked
                condition=~Q(status="signed", method="drawn")
                | Q(signature__startswith="data:image/png;base64,"),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["program", "document", "-signed_at"], name="consent_program")
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.document_version}"


class SafetyAlert(AuditedModel):
    """Somebody may be in danger: a named clinician must acknowledge, by a stated time, and say what was done."""

    Cause = AlertCause

    class Status(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="safety_alerts")
    cause = models.CharField(max_length=20, choices=Cause.choices)
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, null=True, related_name="alerts")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, null=True, related_name="alerts")
    clinician = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    acknowledge_by = models.DateTimeField()
    status = models.CharField(max_length=15, choices=Status.choices, default=Status.OPEN)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.TextField(blank=True)

    objects: ClassVar[Any] = ProgramScopedQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="safety_alert_status",
                condition=Q(
                    status="open", acknowledged_at__isnull=True, acknowledged_by__isnull=True, action=""
                )
                | (
                    Q(status="acknowledged", acknowledged_at__isnull=False, acknowledged_by__isnull=False)
                    & ~Q(action="")
                ),
            ),
            models.CheckConstraint(name="safety_alert_cause", condition=Q(cause__in=AlertCause.values)),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["acknowledge_by"], condition=Q(status="open"), name="safety_alert_open"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.status}"
