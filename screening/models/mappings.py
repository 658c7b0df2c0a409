"""What a prescriber said that a medication is."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel


class MedicationMapping(AppendOnlyModel):
    """What a prescriber said that a medication is, as ingredients of the list, and why. The last one counts.

    `classes` are those of its ingredients in that edition.
    """

    medication = models.ForeignKey(
        "screening.Medication", on_delete=models.PROTECT, related_name="mappings", db_index=False
    )
    ingredients = ArrayField(models.CharField(max_length=60))
    classes = ArrayField(models.CharField(max_length=30))
    list_edition = models.CharField(max_length=20)
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="medication_mapping_says_something",
                condition=Q(ingredients__len__gt=0, classes__len__gt=0) & ~Q(reason=""),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["medication", "-created_at"], name="medication_mapping")
        ]

    def __str__(self) -> str:
        return f"mapping of medication {self.medication_id}"
