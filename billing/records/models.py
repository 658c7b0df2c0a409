"""Tables of exports: what was asked for, what it is made of, for some days the file. All bytes lie sealed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Q

from kapclinic.core import crypto
from kapclinic.core.audited import AuditedModel, AuditedQuerySet
from kapclinic.practice.models import Client


class ExportState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ExportFailure(models.TextChoices):
    """Why an export came to no end: somebody stopped it, whoever asked may no more, it broke, or a merge, made or taken
    back, left the client another person's record than the one that was asked for.
    """

    STOPPED = "stopped"
    NOT_PERMITTED = "not_permitted"
    BROKEN = "broken"
    PERSON_CHANGED = "person_changed"


class RecordExportQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> RecordExportQuerySet:
        """Of clients all of whose places are the user's: an export holds the whole record."""
        return self.filter(locations__contained_by=list(user.locations))

    def with_progress(self) -> RecordExportQuerySet:
        """Each export with `packed`, how many of its parts are made."""
        found: RecordExportQuerySet = self.annotate(
            packed=Count("parts", filter=Q(parts__sealed__isnull=False))
        )
        return found


class RecordExport(AuditedModel):
    """A copy of one person's record, which `created_by` asked for: JSON, papers and a manifest in one archive.

    `registrations` are the ids of the person then, `locations` all places where they were seen. `left_out` names what
    the archive does not hold, and why. The file ends at `expires_at`, or when they turn out to be two; the row, with
    the hash of what was handed out, stays.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    registrations = ArrayField(models.UUIDField(), default=list)
    reason = models.CharField(max_length=1000)
    locations = ArrayField(models.UUIDField())
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.QUEUED)
    failure = models.CharField(max_length=15, choices=ExportFailure.choices, blank=True)
    total = models.PositiveIntegerField()
    left_out = models.JSONField(default=list)  # [{"name", "reason"}]
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    packed: int  # no column: `with_progress` adds it

    objects: ClassVar[Any] = RecordExportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="record_export_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="record_export_locations", condition=Q(locations__len__gte=1)),
            models.CheckConstraint(
                name="record_export_state",
                condition=Q(state__in=["queued", "running"], failure="", ended_at__isnull=True, sha256="")
                | Q(state="done", failure="", ended_at__isnull=False, expires_at__isnull=False)
                & ~Q(sha256="")
                | Q(state="failed", failure__in=ExportFailure.values, ended_at__isnull=False, sha256=""),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="record_export_newest"),
            models.Index(
                fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="record_export_open"
            ),
        ]

    def __str__(self) -> str:
        return f"record export {self.pk}"

    @property
    def done(self) -> int:
        """How many parts are made; the parts of one that is done are in its file."""
        return self.total if self.state == ExportState.DONE else self.packed

    def bound_to(self) -> bytes:
        """What the sealed file belongs to."""
        return crypto.bound_to(self._meta.db_table, self.pk, self.client_id, self.sha256)


class RecordExportPart(models.Model):
    """One file of an archive: planned when the export is asked for, made by the worker, gone with the archive's end."""

    class Kind(models.TextChoices):
        SECTION = "section"
        EVIDENCE = "evidence"
        NOTE = "note"
        SUPERBILL = "superbill"
        RECEIPT = "receipt"
        STATEMENT = "statement"
        ESTIMATE = "estimate"
        LETTER = "letter"
        ATTACHMENT = "attachment"

    export = models.ForeignKey(RecordExport, on_delete=models.PROTECT, related_name="parts", db_index=False)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.UUIDField(null=True)
    name = models.CharField(max_length=120)
    sealed = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["export", "position"], name="record_export_part_position"),
            models.UniqueConstraint(fields=["export", "name"], name="record_export_part_name"),
        ]

    def __str__(self) -> str:
        return f"part {self.position} of {self.export_id}"

    def bound_to(self) -> bytes:
        """What the sealed bytes belong to."""
        return crypto.bound_to(self._meta.db_table, self.export_id, self.position, self.name)


class RecordExportFile(models.Model):
    """The archive, sealed: its first megabytes, and with `RecordExportPiece` what follows. It is deleted at its end; a
    new key seals it again, and nothing else changes it.
    """

    export = models.OneToOneField(
        RecordExport, primary_key=True, on_delete=models.PROTECT, related_name="file"
    )
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"file of {self.export_id}"


class RecordExportPiece(models.Model):
    """Some more megabytes of an archive, in order and sealed; they go away with its first ones."""

    export = models.ForeignKey(RecordExport, on_delete=models.PROTECT, related_name="pieces", db_index=False)
    position = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["export", "position"], name="record_export_piece_position"),
            models.CheckConstraint(name="record_export_piece_follows", condition=Q(position__gte=1)),
        ]

    def __str__(self) -> str:
        return f"piece {self.position} of {self.export_id}"

    def bound_to(self) -> bytes:
        """What the sealed bytes belong to, so that no piece opens in another place."""
        return crypto.bound_to(self._meta.db_table, self.export_id, self.position)


# --- a whole practice ------------------------------------------------------------------------------------------------


class PracticeExportState(models.TextChoices):
    WAITING = "waiting"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


class PracticeExportQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> PracticeExportQuerySet:
        """Of whoever is at all of the practice's locations: an export holds them all."""
        return self.filter(locations__contained_by=list(user.locations))


class PracticeExport(AuditedModel):
    """The whole practice as one archive, which `created_by` asked for and another, `decided_by`, let go or refused.

    `locations` are all of the practice when it was asked for, and then when it was made; `rows` counts those of every
    table that the archive holds. The file ends at `expires_at`; the row, with the hash of what was handed out, stays.
    """

    reason = models.CharField(max_length=1000)
    locations = ArrayField(models.UUIDField())
    state = models.CharField(
        max_length=8, choices=PracticeExportState.choices, default=PracticeExportState.WAITING
    )
    failure = models.CharField(max_length=15, choices=ExportFailure.choices, blank=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=1000, blank=True)
    rows = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = PracticeExportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="practice_export_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="practice_export_locations", condition=Q(locations__len__gte=1)),
            models.CheckConstraint(
                name="practice_export_two_people",
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decided_by=models.F("created_by")),
            ),
            models.CheckConstraint(
                name="practice_export_state",
                condition=Q(
                    state="waiting", decided_by__isnull=True, ended_at__isnull=True, failure="", sha256=""
                )
                | Q(state__in=["queued", "running"], decided_by__isnull=False, ended_at__isnull=True)
                & Q(failure="", sha256="")
                | Q(state="done", decided_by__isnull=False, ended_at__isnull=False, failure="")
                & Q(expires_at__isnull=False, rows__isnull=False, size__isnull=False)
                & ~Q(sha256="")
                | Q(state="failed", failure__in=ExportFailure.values, ended_at__isnull=False, sha256="")
                | Q(state="refused", decided_by__isnull=False, ended_at__isnull=False, failure="", sha256="")
                & ~Q(refusal=""),
            ),
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="practice_export_one_at_a_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="practice_export_newest"),
        ]

    def __str__(self) -> str:
        return f"practice export {self.pk}"


class PracticeExportPiece(models.Model):
    """Some megabytes of an archive, in order and sealed; they go away together when the file ends."""

    export = models.ForeignKey(
        PracticeExport, on_delete=models.PROTECT, related_name="pieces", db_index=False
    )
    position = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["export", "position"], name="practice_export_piece_position"),
        ]

    def __str__(self) -> str:
        return f"piece {self.position} of {self.export_id}"

    def bound_to(self) -> bytes:
        """What the sealed bytes belong to, so that no piece opens in another place."""
        return crypto.bound_to(self._meta.db_table, self.export_id, self.position)
