"""The clinic's own words of a document that clients sign."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet

LANGUAGES = ("en", "es")


class ConsentDocument(AppendOnlyModel):
    """One version of a document in one language: its words, the first day on which it is put before clients, its hash.

    It is never changed: from the first day of a newer one on that one is signed anew.
    """

    document = models.CharField(max_length=30)
    language = models.CharField(max_length=8)
    document_version = models.CharField(max_length=10)
    effective_on = models.DateField()
    text = models.TextField()
    content_hash = models.CharField(max_length=64)

    objects: ClassVar[Any] = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["document", "language", "document_version"], name="consent_document_once"
            ),
            models.CheckConstraint(
                name="consent_document_words",
                condition=~Q(text="") & ~Q(document_version="") & Q(content_hash__regex="^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="consent_document_language", condition=Q(language__in=list(LANGUAGES))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.document_version} {self.language}"
