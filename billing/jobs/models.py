"""Tables of the jobs. What a job is about is settled when it is asked for; each step that it does is one row more."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CharField, F, Func, Q, Value

from billing.documents.models import Superbill
from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Location


class Kind(models.TextChoices):
    SUPERBILL_RUN = "superbill_run"
    SUPERBILLS_ZIP = "superbills_zip"
    LINES_CSV = "lines_csv"
    LINES_XLSX = "lines_xlsx"
    TRANSACTIONS_CSV = "transactions_csv"
    BEANCOUNT = "beancount"


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Failure(models.TextChoices):
    """Why a job came to no end: somebody stopped it, whoever asked may no more, or it broke."""

    STOPPED = "stopped"
    NOT_PERMITTED = "not_permitted"
    BROKEN = "broken"


class JobQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> JobQuerySet:
        """Jobs about the user's own locations alone."""
        return self.filter(locations__contained_by=list(user.locations))


class Job(AuditedModel):
    """One run or one export: a period (both days inclusive), at `locations`, that `created_by` asked for.

    `total` is how many items it has. `failure` says why one that failed did. A job that is over never changes.
    """

    kind = models.CharField(max_length=20, choices=Kind.choices)
    from_date = models.DateField()
    to_date = models.DateField()
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")
    locations = ArrayField(models.UUIDField())
    since_last = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    failure = models.CharField(max_length=15, choices=Failure.choices, blank=True)
    total = models.PositiveIntegerField()
    ended_at = models.DateTimeField(null=True)

    # No columns: what `selectors.jobs` adds to a row.
    done: int
    skipped: list[dict[str, Any]]
    sha256: str | None
    asked_by: str | None

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="job_kind", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(name="job_period", condition=Q(from_date__lte=F("to_date"))),
            models.CheckConstraint(name="job_locations", condition=Q(locations__len__gte=1)),
            models.CheckConstraint(
                name="job_state",
                condition=Q(state__in=["queued", "running"], failure="", ended_at__isnull=True)
                | Q(state="done", failure="", ended_at__isnull=False)
                | Q(state="failed", failure__in=Failure.values, ended_at__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="job_newest"),
            models.Index(
                fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="job_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def left_out(self) -> list[dict[str, Any]]:
        """Each client who was `skipped`, once: of an export several of their lines may be."""
        return list({row["client"]: row for row in self.skipped}.values())


class JobItem(AppendOnlyModel):
    """One thing that a job is about: of a run a client, of an export a superbill, a charge or an entry of the ledger.

    `superbill` is the paper that an exported line, or the exported paper itself, stands on.
    """

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    subject = models.UUIDField()
    superbill = models.ForeignKey(Superbill, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["job", "position"], name="job_item_position"),
            models.UniqueConstraint(fields=["subject", "job"], name="job_item_once"),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}"


class JobResult(AppendOnlyModel):
    """How an item ended: a superbill was issued, or it was left out, with the reasons."""

    item = models.OneToOneField(JobItem, on_delete=models.PROTECT, related_name="result")
    superbill = models.OneToOneField(Superbill, on_delete=models.PROTECT, null=True, related_name="+")
    reasons = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="job_result_either",
                condition=Q(superbill__isnull=False, reasons__len=0)
                | Q(superbill__isnull=True, reasons__len__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"result of {self.item_id}"


def _hex_sha256(column: str) -> Func:
    digest = Func(F(column), function="SHA256", output_field=models.BinaryField())
    return Func(digest, Value("hex"), function="ENCODE", output_field=CharField())


class JobFile(AppendOnlyModel):
    """What a job made, byte for byte; the database checks the hash."""

    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="file")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="job_file_hash", condition=Q(sha256=_hex_sha256("content")))
        ]

    def __str__(self) -> str:
        return f"file of {self.job_id}"
