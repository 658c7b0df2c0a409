"""Questions to the letters."""

from __future__ import annotations

from django.db.models import F

from billing.letters.models import LetterQuerySet, NecessityLetter


def letters() -> LetterQuerySet:
    """Letters with what is known of their signature; without their bytes."""
    rows: LetterQuerySet = NecessityLetter.objects.all()
    found: LetterQuerySet = rows.annotate(
        signed_by=F("signature__signed_by"),
        signed_at=F("signature__created_at"),
        signed_on=F("signature__signed_on"),
        sha256=F("signature__sha256"),
        warnings=F("signature__warnings"),
    )
    return found
