"""What a clearance hears after it: facts about the client, whom each of them suspended, and a prescriber's answer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel
from kapclinic.practice.models import Client


class SuspendingCode(models.TextChoices):
    """Why a clearance is suspended, in the words of the gate."""

    NEW_MEDICATION = "new_medication", "a medicine that was not weighed"
    CSSRS_HIGH = "cssrs_high", "a C-SSRS of the tier high"
    PREGNANCY_POSITIVE = "pregnancy_positive", "a pregnancy test that does not allow the dose"
    SERIOUS_EVENT = "serious_event", "a serious adverse event"
    NEW_CONDITION = "new_condition", "a new condition"
    PRESSURE_TREND = "pressure_trend", "a resting blood pressure beyond hold on two days"


class SuspendingFact(AppendOnlyModel):
    """One fact about a client, kept also while no clearance stands: the next decision must hear it.

    `at` is when it was so; the row that it stands on is named by `subject_type` and `subject_id`.
    """

    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="suspending_facts", db_index=False
    )
    code = models.CharField(max_length=20, choices=SuspendingCode.choices)
    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="suspending_code", condition=Q(code__in=SuspendingCode.values))
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "code", "-at"], name="suspending_client")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.at}"


class Suspension(AppendOnlyModel):
    """One reason for which a clearance does not count from the fact's moment on, until a prescriber upholds it."""

    clearance = models.ForeignKey(
        "screening.Clearance", on_delete=models.PROTECT, related_name="suspensions", db_index=False
    )
    fact = models.ForeignKey(SuspendingFact, on_delete=models.PROTECT, related_name="suspensions")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["clearance", "fact"], name="suspension_once")
        ]

    def __str__(self) -> str:
        return f"suspension {self.pk}"


class Uphold(AppendOnlyModel):
    """A prescriber's answer to one reason: the clearance stands all the same. `rationale` is of the whole answer."""

    suspension = models.OneToOneField(Suspension, on_delete=models.PROTECT, related_name="uphold")
    rationale = models.TextField()
    resolution = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="uphold_in_words", condition=~Q(rationale="") & ~Q(resolution=""))
        ]

    def __str__(self) -> str:
        return f"uphold {self.pk}"
