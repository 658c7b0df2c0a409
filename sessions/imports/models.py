"""Tables of imports: what was sent and what came of it; its rows lie sealed until they are brought in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kapclinic.core import crypto
from kapclinic.core.audited import AppendOnlyModel, AuditedModel, AuditedQuerySet


class ImportKind(models.TextChoices):
    CLIENTS = "clients"
    APPOINTMENTS = "appointments"
    MEASURES = "measures"


class ImportState(models.TextChoices):
    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


class ImportFailure(models.TextChoices):
    """Why nothing came in: rows were refused, whoever asked may no more, or it broke."""

    ROWS = "rows"
    NOT_PERMITTED = "not_permitted"
    BROKEN = "broken"


class ImportQuerySet(AuditedQuerySet[Any]):
    def visible_to(self, user: Any) -> ImportQuerySet:
        """Those of somebody who shared a location with the user."""
        return self.filter(locations__overlap=list(user.locations))


class Import(AuditedModel):
    """A file that `created_by` sent. `sha256` and `size` are those of the file, which is not kept; a name it has none.

    `errors` and `warnings` name rows and columns by the file's own count, and never what stands in them.
    """

    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    dry_run = models.BooleanField(default=False)
    locations = ArrayField(models.UUIDField())
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.QUEUED)
    failure = models.CharField(max_length=15, choices=ImportFailure.choices, blank=True)
    wrong = models.PositiveIntegerField(default=0)  # rows that were refused
    errors = models.JSONField(default=list)  # [{"row", "column", "pointer", "code", "detail"}]
    warnings = models.JSONField(default=list)  # [{"row", "code", "detail", "same_rows", "clients"}]
    hanging = models.PositiveIntegerField(default=0)  # what kept the last try to undo it from being one
    ended_at = models.DateTimeField(null=True)
    undo_reason = models.CharField(max_length=1000, blank=True)
    undo_by = models.UUIDField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = ImportQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="import_once",
                fields=["sha256"],
                condition=Q(dry_run=False, state__in=["queued", "done", "undoing"]),
            ),
            models.CheckConstraint(name="import_kind", condition=Q(kind__in=ImportKind.values)),
            models.CheckConstraint(
                name="import_state",
                condition=Q(state="queued", ended_at__isnull=True, failure="", undo_by__isnull=True)
                | Q(state="failed", ended_at__isnull=False, failure__in=ImportFailure.values)
                | Q(state="done", ended_at__isnull=False, failure="")
                | Q(state="undoing", ended_at__isnull=False, undo_by__isnull=False, dry_run=False)
                & ~Q(undo_reason="")
                | Q(state="undone", undone_at__isnull=False, undo_by__isnull=False, dry_run=False)
                & ~Q(undo_reason=""),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at"], name="import_newest"),
            models.Index(
                fields=["created_at"], condition=Q(state__in=["queued", "undoing"]), name="import_open"
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class ImportContent(models.Model):
    """The rows as they were read, sealed, until they are brought in; then they are deleted."""

    of = models.OneToOneField(Import, primary_key=True, on_delete=models.PROTECT, related_name="content")
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"rows of {self.of_id}"

    def bound_to(self) -> bytes:
        """What the sealed rows belong to."""
        return crypto.bound_to(self._meta.db_table, self.of_id)


class ImportedRow(AppendOnlyModel):
    """Which row of the file became which row here: a client, a session or a measure, as the import's kind says."""

    of = models.ForeignKey(Import, on_delete=models.PROTECT, related_name="rows", db_index=False)
    row = models.PositiveIntegerField()
    object_id = models.UUIDField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["of", "row"], name="imported_row_once")
        ]

    def __str__(self) -> str:
        return f"row {self.row} of {self.of_id}"
