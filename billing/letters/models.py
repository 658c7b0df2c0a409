"""Tables of the letters."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.ledger.models import MOST_DIAGNOSES
from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client, Location, User


class LetterQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> LetterQuerySet:
        """Letters of the user's own locations."""
        return self.filter(location__in=list(user.locations))


class NecessityLetter(AuditedModel):
    """Why services from a day to a day are care of a disease and not of general health (IRC 213(d); IRS Pub. 502).

    Signed, it never changes; voided, it is no letter any more, and its bytes stay.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        SIGNED = "signed"
        DISCARDED = "discarded"
        VOIDED = "voided"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    diagnoses = ArrayField(models.CharField(max_length=8))
    codes = ArrayField(models.CharField(max_length=15))
    starts = models.DateField()
    ends = models.DateField()
    text = models.TextField()
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    reason = models.CharField(max_length=1000, blank=True)  # of its end

    objects: ClassVar[Any] = LetterQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="necessity_letter_status",
                condition=Q(status__in=["draft", "signed"], reason="")
                | Q(status__in=["discarded", "voided"]) & ~Q(reason=""),
            ),
            models.CheckConstraint(name="necessity_letter_period", condition=Q(starts__lte=F("ends"))),
            models.CheckConstraint(
                name="necessity_letter_lists",
                condition=Q(diagnoses__len__range=(1, MOST_DIAGNOSES), codes__len__gte=1),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-created_at"], name="necessity_letter_client"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}"


class NecessityLetterSignature(AppendOnlyModel):
    """A clinician's signature: who they were on that day, what the letter says, the bytes and their SHA-256."""

    letter = models.OneToOneField(NecessityLetter, on_delete=models.PROTECT, related_name="signature")
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_on = models.DateField()
    warnings = models.JSONField(default=list)
    content = models.JSONField()
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"signature of {self.letter_id}"
