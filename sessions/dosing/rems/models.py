"""The table of REMS records."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import User
from sessions.booking.models import Session

ANSWERS = (
    "benzodiazepines",
    "sedative_hypnotics",
    "psychostimulants",
    "maois",
    "opioids",
    "vitals_acceptable_pre",
    "vitals_acceptable_completion",
    "sedation",
    "dissociation",
    "respiratory_depression",
    "serious_adverse_event",
)
EVENTS = ANSWERS[-4:]
_ANSWERED = Q(**{f"{name}__isnull": False for name in ANSWERS})


def _resolved(name: str) -> Q:
    return Q(**{f"{name}_resolved_at__isnull": True}) | Q(**{name: True})


class RemsRecordQuerySet(AuditedQuerySet["RemsRecord"]):
    def visible_to(self, user: Any) -> RemsRecordQuerySet:
        """Records of sessions at the user's own locations."""
        return self.filter(session__location__in=list(user.locations))


class RemsRecord(AuditedModel):
    """What staff say on the REMS patient monitoring form of one esketamine session; null is not answered yet.

    The rest of the form (client, dose, lots, minutes, blood pressures) is read from the record; `form` keeps the whole
    of it as it was submitted. `warnings` counts how often somebody was told that it is still owed.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        SUBMITTED = "submitted"

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="rems_record")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    due_at = models.DateTimeField()
    warnings = models.PositiveSmallIntegerField(default=0)
    benzodiazepines = models.BooleanField(null=True)
    sedative_hypnotics = models.BooleanField(null=True)
    psychostimulants = models.BooleanField(null=True)
    maois = models.BooleanField(null=True)
    opioids = models.BooleanField(null=True)
    monitoring_hcp = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lot_number = models.CharField(max_length=120, blank=True)  # of devices that no lot of the clinic names
    monitoring_ended_at = models.DateTimeField(null=True)  # stated only where there is no discharge
    ready_without_two_hours_at = models.DateTimeField(null=True)
    vitals_acceptable_pre = models.BooleanField(null=True)
    vitals_acceptable_completion = models.BooleanField(null=True)
    blood_pressure_reason = models.CharField(max_length=1000, blank=True)
    sedation = models.BooleanField(null=True)
    sedation_resolved_at = models.DateTimeField(null=True)
    dissociation = models.BooleanField(null=True)
    dissociation_resolved_at = models.DateTimeField(null=True)
    respiratory_depression = models.BooleanField(null=True)
    respiratory_depression_resolved_at = models.DateTimeField(null=True)
    serious_adverse_event = models.BooleanField(null=True)
    serious_adverse_event_resolved_at = models.DateTimeField(null=True)
    events_note = models.CharField(max_length=1000, blank=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=80, blank=True)
    form = models.JSONField(null=True)

    objects: ClassVar[Any] = RemsRecordQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="rems_state", condition=Q(state__in=["draft", "submitted"])),
            models.CheckConstraint(
                name="rems_submitted",
                condition=Q(
                    state="draft",
                    submitted_at__isnull=True,
                    submitted_by__isnull=True,
                    form__isnull=True,
                    reference="",
                )
                | Q(
                    state="submitted",
                    submitted_at__isnull=False,
                    submitted_by__isnull=False,
                    form__isnull=False,
                    monitoring_hcp__isnull=False,
                    ready_without_two_hours_at__isnull=False,
                )
                & ~Q(reference="")
                & _ANSWERED,
            ),
            models.CheckConstraint(
                name="rems_resolved",
                condition=_resolved("sedation")
                & _resolved("dissociation")
                & _resolved("respiratory_depression")
                & _resolved("serious_adverse_event"),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(state="draft"), name="rems_due")
        ]

    def __str__(self) -> str:
        return f"REMS record {self.pk}"
