"""A client's medicines, as they were given, and what a prescriber said that they are."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, User


class MedicationQuerySet(AuditedQuerySet["Medication"]):
    def visible_to(self, user: Any) -> MedicationQuerySet:
        """Medications of clients at the user's own locations."""
        return self.filter(client__locations__overlap=list(user.locations))

    def current(self) -> MedicationQuerySet:
        return self.filter(ended_at__isnull=True)


class Medication(AuditedModel):
    """One entry of a client's medication list: the text as given, and the interaction classes it maps to.

    Unmapped: nobody knows whether all of it interacts until a prescriber has written a `review` or mapped it.
    `parts` [{"text", "ingredients", "classes", "is_mapped"}] is how `list_edition` read the text; none before 2026-11.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="medications")
    text = models.CharField(max_length=300)
    classes = ArrayField(models.CharField(max_length=30), default=list)
    is_mapped = models.BooleanField()
    parts = models.JSONField(default=list)
    list_edition = models.CharField(max_length=20)  # of the interaction table that mapped it
    ended_at = models.DateTimeField(null=True)
    review = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = MedicationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="medication_review",
                condition=Q(review="", reviewed_by__isnull=True, reviewed_at__isnull=True)
                | (~Q(review="") & Q(reviewed_by__isnull=False, reviewed_at__isnull=False)),
            )
        ]

    def __str__(self) -> str:
        return f"medication {self.pk}"


class MedicationMapping(AppendOnlyModel):
    """What a prescriber said that a medication is, as ingredients of the list, and why. The last one counts.

    `classes` are those of its ingredients in that edition.
    """

    medication = models.ForeignKey(
        Medication, on_delete=models.PROTECT, related_name="mappings", db_index=False
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
