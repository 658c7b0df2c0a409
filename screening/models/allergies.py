"""What a client must not be given, as a list beside the screening: allergies, and the word that there are none."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from kapclinic.practice.models import Client


class AllergyQuerySet(AppendOnlyQuerySet["Allergy"]):
    def standing(self) -> AllergyQuerySet:
        """Those that nobody took back."""
        return self.filter(void__isnull=True)


class Allergy(AppendOnlyModel):
    """One substance that a client reacts to. A correction is a void and a new row.

    `reaction` is empty where nobody knows it, `severity` where nobody said.
    """

    class Severity(models.TextChoices):
        MILD = "mild"
        MODERATE = "moderate"
        SEVERE = "severe"
        LIFE_THREATENING = "life_threatening"

    # The row's own indexes begin with it.
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="allergies", db_index=False)
    substance = models.CharField(max_length=200)
    reaction = models.CharField(max_length=500, blank=True)
    severity = models.CharField(max_length=20, choices=Severity.choices, blank=True)

    objects: ClassVar[Any] = AllergyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="allergy_names_a_substance", condition=~Q(substance="")),
            models.CheckConstraint(
                name="allergy_severity",
                condition=Q(severity__in=["", "mild", "moderate", "severe", "life_threatening"]),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["client"], name="allergy_client")]

    def __str__(self) -> str:
        return f"allergy {self.pk}"


class AllergyVoid(AppendOnlyModel):
    """An allergy was entered in error, or turned out to be none; what it set off stays."""

    allergy = models.OneToOneField(Allergy, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="allergy_void_in_words", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"void of allergy {self.allergy_id}"


class NoneKnownQuerySet(AppendOnlyQuerySet["NoneKnown"]):
    def standing(self) -> NoneKnownQuerySet:
        """Those that neither an allergy nor words have ended."""
        return self.filter(end__isnull=True)


class NoneKnown(AppendOnlyModel):
    """Somebody asked, and no allergy is known: something else than that nobody wrote one down. The last one counts."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects: ClassVar[Any] = NoneKnownQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-created_at"], name="none_known_client")
        ]

    def __str__(self) -> str:
        return f"no known allergies {self.created_at}"


class NoneKnownEnd(AppendOnlyModel):
    """It is said no more: the `allergy` was recorded, or it had been said in error, with the `reason`."""

    none_known = models.OneToOneField(NoneKnown, on_delete=models.PROTECT, related_name="end")
    allergy = models.ForeignKey(Allergy, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="none_known_end_says_why",
                condition=Q(allergy__isnull=False, reason="") | (Q(allergy__isnull=True) & ~Q(reason="")),
            )
        ]

    def __str__(self) -> str:
        return f"end of {self.none_known_id}"
