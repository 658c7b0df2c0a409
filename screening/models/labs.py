"""Tests of a client: what the laboratory, the strip or the trace said, and when it was taken."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client


class LabKind(models.TextChoices):
    URINE_HCG = "urine_hcg", "urine pregnancy test"
    DRUG_SCREEN = "drug_screen", "drug screen"
    LIVER = "liver", "liver values"
    TSH = "tsh", "TSH"
    ECG = "ecg", "ECG"
    URINALYSIS = "urinalysis", "urinalysis"


class LabWord(models.TextChoices):
    """What a test says in one word: a yes-or-no test is negative or positive, a value is normal or abnormal."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    NORMAL = "normal"
    ABNORMAL = "abnormal"
    INCONCLUSIVE = "inconclusive"


YES_OR_NO = (LabKind.URINE_HCG, LabKind.DRUG_SCREEN)
OF_YES_OR_NO = (LabWord.NEGATIVE, LabWord.POSITIVE, LabWord.INCONCLUSIVE)
OF_VALUES = (LabWord.NORMAL, LabWord.ABNORMAL, LabWord.INCONCLUSIVE)


class LabResultQuerySet(AppendOnlyQuerySet["LabResult"]):
    def visible_to(self, user: Any) -> LabResultQuerySet:
        """Results of clients at the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))

    def standing(self) -> LabResultQuerySet:
        """Those that nobody took back."""
        return self.filter(void__isnull=True)


class LabResult(AppendOnlyModel):
    """One result of one test. `value` and `unit` stand together or not at all. A correction is a void and a new row."""

    # The row's own indexes begin with it.
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="lab_results", db_index=False)
    kind = models.CharField(max_length=20, choices=LabKind.choices)
    result = models.CharField(max_length=20, choices=LabWord.choices)
    value = models.DecimalField(max_digits=10, decimal_places=3, null=True)
    unit = models.CharField(max_length=20, blank=True)
    taken_at = models.DateTimeField()

    objects: ClassVar[Any] = LabResultQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="lab_result_word",
                condition=Q(kind__in=["urine_hcg", "drug_screen"], result__in=list(OF_YES_OR_NO))
                | Q(kind__in=["liver", "tsh", "ecg", "urinalysis"], result__in=list(OF_VALUES)),
            ),
            models.CheckConstraint(
                name="lab_result_value",
                condition=Q(value__isnull=True, unit="") | (Q(value__gte=0) & ~Q(unit="")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "kind", "-taken_at"], name="lab_result_client")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.taken_at}"


class LabResultVoid(AppendOnlyModel):
    """A result that was recorded in error, and why: it counts no more. What it suspended stays so."""

    lab_result = models.OneToOneField(LabResult, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="lab_result_void_in_words", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"void of test {self.lab_result_id}"
