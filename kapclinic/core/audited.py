"""Base models. A row is saved by somebody, at a stated time, and leaves its history; or it is append-only.

`save_by` is the only way in: a plain `save()` without a known actor raises, also in Celery. Bulk writes and
`update()` leave no history, so they raise too and name the way round (house rule; simple-history documents the gap).
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NoReturn, Protocol, Self, TypeVar
from uuid import UUID

from django.db import models
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords

from kapclinic.core import writing
from kapclinic.core.ids import uuid7
from kapclinic.core.rows import as_row

M = TypeVar("M", bound=models.Model)


class HasId(Protocol):
    @property
    def pk(self) -> Any: ...


class ActorUnknown(RuntimeError):
    """A row was about to be saved with nobody to answer for it."""


class HistoryBypassed(RuntimeError):
    """A bulk write would have left no history."""


class AuditedQuerySet(models.QuerySet[M]):
    """A queryset that refuses the writes that skip history."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed("update() leaves no history: save_by() each row.")

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed("bulk_create() leaves no history: save_by() each row.")

    def bulk_update(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed("bulk_update() leaves no history: save_by() each row.")

    def delete(self) -> NoReturn:
        raise HistoryBypassed("Clinical and money rows are never deleted.")


def _history_user(historical_instance: Any) -> UUID | None:
    return historical_instance.history_user_id  # type: ignore[no-any-return]


def _set_history_user(historical_instance: Any, user: HasId | None) -> None:
    historical_instance.history_user_id = None if user is None else user.pk


def _current_actor(instance: Any, **_: Any) -> HasId | None:
    return getattr(instance, "_history_user", None)


class Histories(HistoryManager):  # type: ignore[misc]  # simple-history has no types
    """Of one row, or of all of a table: its class is made once, not with each look at `row.history`."""

    @classmethod
    @functools.cache
    def from_queryset(cls, queryset_class: type[Any], class_name: str | None = None) -> Any:
        return super().from_queryset(queryset_class, class_name)


def history(*, without: tuple[str, ...] = ()) -> HistoricalRecords:
    """History that names its actor by plain UUID, so that no table points up at the user table."""
    return HistoricalRecords(
        inherit=not without,
        excluded_fields=list(without),
        history_user_id_field=models.UUIDField(null=True),
        history_user_getter=_history_user,
        history_user_setter=_set_history_user,
        get_user=_current_actor,
        history_manager=Histories,
        history_id_field=models.BigAutoField(primary_key=True),
    )


class UUIDModel(models.Model):
    """A row with a UUIDv7 key that is known before the insert.

    `joins`: the row may be written in one statement with its neighbours (`core.writing.together`). No trigger of such a
    table that runs before a row is written asks a table that is written with it. `rides`: the row is a statement by
    itself, which may leave in one message with what comes next.
    """

    joins: ClassVar[bool] = False
    rides: ClassVar[bool] = False
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.UUIDField(editable=False)

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override]  # the stubs are of a later Django
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        """As Django's, in a third of the time: no model of ours has an `__init__` or a column with a say of its own."""
        return as_row(cls, field_names, values, using=db)


class AuditedBase(UUIDModel):
    """An editable row without its history manager: for a model that must leave a column out of its history."""

    updated_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[Any] = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save_by(self, by: HasId, *, at: datetime) -> Self:
        """Save as `by`, at `at`: raises the version and writes one history row."""
        self._history_user: HasId | None = by
        self._history_date = at
        self._stamp(by, at)
        self.save()
        return self

    def save_once_by(self, by: HasId, *, at: datetime, unless: str) -> bool:
        """Insert as `by`, at `at`, unless another row stands in its way; was it? (`core.writing.write_once`)"""
        self._stamp(by, at)
        return writing.write_once(self, unless=unless, by=by.pk, at=at)

    def _stamp(self, by: HasId, at: datetime) -> None:
        if self._state.adding:
            self.created_at = at
            self.created_by = by.pk
        self.updated_at = at
        self.version += 1

    def save(self, *args: Any, **kwargs: Any) -> None:
        if getattr(self, "_history_user", None) is None:
            raise ActorUnknown(f"{type(self).__name__} is saved by somebody: use save_by().")
        by, at = self._history_user, getattr(self, "_history_date", None)
        plain = by is not None and at is not None and not args and not kwargs
        if not plain or by is None or not writing.write(self, by=by.pk, at=at):
            super().save(*args, **kwargs)
        self._history_user = None

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed(f"{type(self).__name__} rows are never deleted.")


class AuditedModel(AuditedBase):
    """An editable row: integer `version` (the ETag), history of every save, never deleted."""

    history = history()

    class Meta:
        abstract = True


def insert_all_by(rows: Sequence[AuditedBase], by: HasId, *, at: datetime) -> None:
    """Insert new rows of one model as `save_by` does each, history and all: two statements whatever their number."""
    for row in rows:
        row.created_at, row.created_by, row.updated_at, row.version = at, by.pk, at, 1
    if rows:
        type(rows[0])._base_manager.bulk_create(rows, batch_size=1000)
        _note_history(rows, by, at=at, update=False)


def change_all_by(rows: Sequence[AuditedBase], values: Mapping[str, Any], by: HasId, *, at: datetime) -> None:
    """Give rows of one model the same new values as `save_by` does each: two statements whatever their number.

    The caller has locked them, so that what they hold is what the database holds.
    """
    for row in rows:
        for name, value in {**values, "updated_at": at, "version": row.version + 1}.items():
            setattr(row, name, value)
    if rows:
        same = type(rows[0])._base_manager.filter(pk__in=[row.pk for row in rows])
        same.update(**values, updated_at=at, version=models.F("version") + 1)
        _note_history(rows, by, at=at, update=True)


def _note_history(rows: Sequence[AuditedBase], by: HasId, *, at: datetime, update: bool) -> None:
    """One history row each, as simple-history writes it for a `save()`."""
    names = {"_history_user": by, "_history_date": at}
    for row in rows:
        vars(row).update(names)
    history: Any = type(rows[0]).history  # type: ignore[attr-defined]
    history.bulk_history_create(rows, update=update, default_change_reason=None)
    for row in rows:
        vars(row)["_history_user"] = None


class AppendOnlyQuerySet(models.QuerySet[M]):
    """A queryset that can only read and insert; the database refuses the rest as well."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed("This table is append-only.")

    def bulk_update(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed("This table is append-only.")

    def delete(self) -> NoReturn:
        raise HistoryBypassed("This table is append-only.")


class AppendOnlyModel(UUIDModel):
    """A fact: inserted once, then neither changed nor deleted (trigger and revoked rights, `core.triggers`)."""

    append_only: ClassVar[bool] = True
    objects: ClassVar[Any] = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def insert_by(self, by: HasId, *, at: datetime) -> Self:
        """Insert as `by`, at `at`."""
        self.created_at = at
        self.created_by = by.pk
        self.save(force_insert=True)
        return self

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise HistoryBypassed(f"{type(self).__name__} is append-only.")
        if kwargs != {"force_insert": True} or not writing.write(self):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypassed(f"{type(self).__name__} is append-only.")
