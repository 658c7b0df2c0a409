"""Instruments as they were answered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kapclinic.core.audited import AppendOnlyModel, AppendOnlyQuerySet
from programs.models import Program


class MeasureQuerySet(AppendOnlyQuerySet["Measure"]):
    def visible_to(self, user: Any) -> MeasureQuerySet:
        """Measures of programs at the user's own locations."""
        return self.filter(program__location__in=list(user.locations))

    def standing(self) -> MeasureQuerySet:
        """Those that nobody took back."""
        return self.filter(void__isnull=True)


class Measure(AppendOnlyModel):
    """One filled-in instrument: item answers, never the items' wording. A missing item leaves `total` null.

    `total_only` among its flags: the total came without answers. `item_alert` then says what the answer about
    wanting to die would have said.
    """

    joins: ClassVar[bool] = True
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="measures", db_index=False)
    instrument = models.CharField(max_length=20)
    form = models.CharField(max_length=30)
    answers = models.JSONField()
    item_alert = models.BooleanField(null=True)
    total = models.PositiveSmallIntegerField(null=True)
    band = models.CharField(max_length=30, null=True)  # noqa: DJ001  (null: not scored, as in the answer)
    flags = ArrayField(models.CharField(max_length=40), default=list)
    threshold = models.PositiveSmallIntegerField(null=True)  # the cut that was used, where one is a choice
    language = models.CharField(max_length=8)
    administered_by = models.CharField(max_length=80)
    taken_at = models.DateTimeField()

    objects: ClassVar[Any] = MeasureQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="measure_total_only",
                condition=Q(~Q(flags__contains=["total_only"]), item_alert__isnull=True)
                | Q(
                    Q(instrument__in=["madrs", "qids_sr16"], item_alert__isnull=False)
                    | Q(instrument__in=["cadss", "dast10"], item_alert__isnull=True),
                    flags__contains=["total_only"],
                    answers=[],
                    total__isnull=False,
                ),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["program", "instrument", "-taken_at"], name="measure_program")
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.taken_at}"
