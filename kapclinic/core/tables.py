"""The tables of our models as they are written: their columns and statements, put together once."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.db.models.signals import post_save, pre_save
from simple_history.models import HistoricalRecords


@dataclass(frozen=True)
class Written:
    """One row as it was when it was saved; `by` and `at` are for its history."""

    model: type[models.Model]
    key: Any
    values: tuple[Any, ...]
    adding: bool
    by: UUID | None
    at: datetime | None

    def joins(self, other: Written) -> bool:
        """May both be inserted by one VALUES?"""
        same = (self.model, self.by, self.at) == (other.model, other.by, other.at)
        return same and self.adding and other.adding


ATOMS = frozenset({str, int, bool, float, Decimal, UUID, datetime, date, NoneType})  # what nobody changes
PLAIN: dict[type[Any], type[Any]] = {
    models.UUIDField: UUID,
    models.DateTimeField: datetime,
    models.DateField: date,
    models.BooleanField: bool,
    **dict.fromkeys((models.CharField, models.TextField, models.EmailField), str),
}


class Way(NamedTuple):
    """How the value of a field goes into its column.

    `kind` is the type of a value that goes as it is, as nothing does; whatever else it is given, Django looks at.
    `is_told`: what is saved is what the row says, with nothing of now in it.
    """

    field: Any
    name: str
    kind: type[Any] | None
    is_told: bool

    @classmethod
    def of(cls, field: Any) -> Way:
        ends = field.target_field if type(field) in {models.ForeignKey, models.OneToOneField} else field
        usual = type(field).pre_save is models.Field.pre_save
        of_now = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        is_told = usual or (type(field) in {models.DateTimeField, models.DateField} and not of_now)
        return cls(field, field.attname, PLAIN.get(type(ends)), is_told)

    def kept(self, value: Any, line: Any) -> Any:
        plain = self.kind is not None and (value is None or type(value) is self.kind)
        if plain and (self.kind is not datetime or value is None or value.tzinfo is not None):
            return value
        return self.field.get_db_prep_save(_frozen(value), line)


class Table:
    """The statements of one model, put together once."""

    def __init__(self, model: type[models.Model]) -> None:
        quote = connection.ops.quote_name
        self.fields = [field for field in model._meta.local_concrete_fields if not field.generated]
        self.name = quote(model._meta.db_table)
        self.columns = [quote(str(field.column)) for field in self.fields]
        casts = [_cast(field) for field in self.fields]
        self.row = f"({', '.join(casts)})"
        self.listed = ", ".join(self.columns)
        self.ways = [Way.of(field) for field in self.fields]
        pairs = [
            (f"{column} = {cast}", field)
            for column, cast, field in zip(self.columns, casts, self.fields, strict=True)
            if not field.primary_key
        ]
        self.set = ", ".join(pair for pair, _ in pairs)
        self.pk = next(i for i, field in enumerate(self.fields) if field.primary_key)
        self.is_key = f"{self.columns[self.pk]} = {casts[self.pk]}"
        self.joins = bool(getattr(model, "joins", False))
        self.rides = bool(getattr(model, "rides", False))
        self.history = self._history(model)
        self.is_plain = not model._meta.parents and not _is_heard(model)

    def _history(self, model: type[models.Model]) -> str | None:
        name = getattr(model._meta, "simple_history_manager_attribute", None)
        if name is None:
            return None
        kept = getattr(model, name).model
        quote = connection.ops.quote_name
        taken = ", ".join(quote(field.column) for field in kept.tracked_fields)
        into = (
            f"INSERT INTO {quote(kept._meta.db_table)} ({taken}, history_user_id, history_date, history_type)"
        )
        return f"{into} SELECT {taken}, %s::uuid, %s::timestamptz, %s::varchar FROM "  # noqa: S608  (names of ours)

    def insert(self, rows: Sequence[Written], after: str = "") -> tuple[str, list[Any]]:
        values = f"VALUES {', '.join([self.row] * len(rows))}"
        source = f"SELECT * FROM ({values}) AS given{after}" if after else values  # noqa: S608  (names of ours)
        sql = f"INSERT INTO {self.name} ({self.listed}) {source}"
        return sql, [value for row in rows for value in row.values]

    def update(self, row: Written, after: str) -> tuple[str, list[Any]]:
        values = [*row.values[: self.pk], *row.values[self.pk + 1 :], row.values[self.pk]]
        also = after.replace(" WHERE ", " AND ", 1)
        return f"UPDATE {self.name} SET {self.set} WHERE {self.is_key}{also}", values  # noqa: S608


def _cast(field: Any) -> str:
    """A parameter with its type, but not its length: what is too long is refused, and never cut off."""
    return f"%s::{re.sub(r'[(][^)]*[)]', '', field.db_type(connection) or '')}"


def _is_heard(model: type[models.Model]) -> bool:
    """Does anybody but the history itself listen to the saving of this model?"""
    found = [
        receiver
        for signal in (pre_save, post_save)
        for heard in signal._live_receivers(model)  # noqa: SLF001  (there is no other way to ask)
        for receiver in (heard if isinstance(heard, list) else [heard])
    ]
    return any(not isinstance(getattr(one, "__self__", None), HistoricalRecords) for one in found)


def _frozen(value: Any) -> Any:
    """JSON as it is now: a row that waits is not changed by what its writer does to the value afterwards."""
    kind = type(value)
    if kind is list:
        return [one if type(one) in ATOMS else _frozen(one) for one in value]
    if kind is dict:
        return {name: one if type(one) in ATOMS else _frozen(one) for name, one in value.items()}
    return value if kind in ATOMS else copy.deepcopy(value)


@cache
def table_of(model: type[models.Model]) -> Table:
    return Table(model)
