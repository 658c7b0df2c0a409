"""A measure that was recorded in error."""

from __future__ import annotations

from django.db import models

from kapclinic.core.audited import AppendOnlyModel


class MeasureVoid(AppendOnlyModel):
    """A filling-in that was recorded in error, and why: it counts no more. What it set off (an alert) stays."""

    measure = models.OneToOneField("screening.Measure", on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=1000)

    def __str__(self) -> str:
        return f"void of {self.measure_id}"
