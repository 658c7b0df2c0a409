"""The table of evidence: what was put together of a dosing session, kept as it was."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import CharField, F, Func, Q, Value

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from sessions.booking.models import Session


def _hex_sha256(column: str) -> Func:
    digest = Func(F(column), function="SHA256", output_field=models.BinaryField())
    return Func(digest, Value("hex"), function="ENCODE", output_field=CharField())


class EvidenceQuerySet(AppendOnlyQuerySet["EvidenceBundle"]):
    def visible_to(self, user: Any) -> EvidenceQuerySet:
        """Bundles of sessions at the user's own locations."""
        return self.filter(session__location__in=list(user.locations))


class EvidenceBundle(AppendOnlyModel):
    """One dosing session as its record stood when somebody froze it: canonical JSON and PDF, byte for byte.

    `sequence` counts a session's bundles from 1; a correction of the record makes another bundle. The database checks
    that both hashes are of the bytes beside them.
    """

    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="evidence_bundles", db_index=False
    )
    sequence = models.PositiveSmallIntegerField()
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)

    objects: ClassVar[Any] = EvidenceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session", "sequence"], name="evidence_sequence"),
            models.CheckConstraint(name="evidence_from_one", condition=Q(sequence__gte=1)),
            models.CheckConstraint(
                name="evidence_hashes",
                condition=Q(sha256=_hex_sha256("content"), pdf_sha256=_hex_sha256("pdf")),
            ),
        ]

    def __str__(self) -> str:
        return f"evidence {self.pk}"
