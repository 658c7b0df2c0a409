"""Several questions in one statement, which is put together once in the life of a process.

The querysets stay what they are, with their rules and their order; only their way to the database is another. Each
becomes a sub-select whose rows come back as text, and Django makes of them what it would have made.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import JSONField, QuerySet
from django.db.models.expressions import Col
from django.db.models.query import ModelIterable, get_related_populators

KNOWN_MOST = 4096  # ids that one process remembers: of staff, rooms, sessions, which come again and again
AS_TEXT: dict[str, Callable[[str], Any]] = {
    "UUIDField": lru_cache(KNOWN_MOST)(UUID),
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "DecimalField": Decimal,
    "FloatField": float,
    "BooleanField": "true".__eq__,
    "JSONField": str,
    **dict.fromkeys(("CharField", "TextField", "EmailField"), str),
    **dict.fromkeys(
        (
            "IntegerField",
            "BigIntegerField",
            "SmallIntegerField",
            "PositiveIntegerField",
            "PositiveSmallIntegerField",
            "BigAutoField",
        ),
        int,
    ),
}
ROOTS = {"ForeignKey", "OneToOneField"}
Question = QuerySet[Any, Any]
Questions = tuple[Question, ...]
Params = dict[str, Any]  # all that psycopg adapts; the stubs leave timedelta out


def _reader(field: Any) -> Callable[[str], Any]:
    """What makes the value of a column of its text, as the driver would have."""
    kind = field.get_internal_type()
    if kind in ROOTS:
        return _reader(field.target_field)
    if kind == "ArrayField":
        one = _reader(field.base_field)
        return lambda text: [None if item is None else one(str(item)) for item in orjson.loads(text)]
    return AS_TEXT[kind]


def _is_plain_json(expression: Any) -> bool:
    """A column of JSON that is read as it is: by the quick reader, then."""
    field = expression.output_field
    return isinstance(expression, Col) and type(field) is JSONField and field.decoder is None


class _Models:
    """What makes the rows of a question that asks for models, as a queryset does; it looks up but once how."""

    def __init__(self, compiler: Any, converters: dict[int, Any]) -> None:
        self.alias, self.converters = connection.alias, list(converters.items())
        told = compiler.klass_info
        self.model, places = told["model"], told["select_fields"]
        self.span = slice(places[0], places[-1] + 1)
        self.names = [column.target.attname for column, *_ in compiler.select[self.span]]
        related: Any = get_related_populators  # the stubs are of a later Django
        self.related = related(told, compiler.select, self.alias)
        self.annotated = list(compiler.annotation_col_map.items())

    @classmethod
    def of(cls, question: Any, compiler: Any, converters: dict[int, Any]) -> _Models | None:
        """None for a question that asks for anything else, or for more behind its rows."""
        more = question._prefetch_related_lookups or question._known_related_objects  # noqa: SLF001
        if question._iterable_class is not ModelIterable or more:  # noqa: SLF001
            return None
        return cls(compiler, converters)

    def made(self, raw: Sequence[Sequence[Any]]) -> list[Any]:
        found = []
        for told in raw:
            row = list(told)
            for place, (converters, expression) in self.converters:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
            one = self.model.from_db(self.alias, self.names, row[self.span])
            for related in self.related:
                related.populate(row, one)
            for name, place in self.annotated:
                setattr(one, name, row[place])
            found.append(one)
        return found


class _Part:
    """One question: its statement, and what reads its rows."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.compiler = question.query.get_compiler(connection=connection)
        try:
            inner, self.params = self.compiler.as_sql(with_col_aliases=True)
        except EmptyResultSet:
            self.sql, self.params = "SELECT NULL::text[]", ()
            return
        columns, self.readers = [], []
        for expression, _, alias in self.compiler.select[: self.compiler.col_count]:
            field, name = expression.output_field, f"q.{connection.ops.quote_name(alias)}"
            many = field.get_internal_type() == "ArrayField"
            columns.append(f"to_json({name})::text" if many else f"{name}::text")
            self.readers.append(_reader(field))
        columns_of = [expression for expression, _, _ in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(columns_of)
        for place, expression in enumerate(columns_of):
            if _is_plain_json(expression):
                self.readers[place] = orjson.loads
                del self.converters[place]
        self.models = _Models.of(question, self.compiler, self.converters)
        row = f"ARRAY[{', '.join(columns)}]"
        self.sql = f"SELECT array_agg({row}) FROM ({inner}) AS q"  # noqa: S608  (Django wrote it)

    def rows(self, told: Sequence[Sequence[str | None]] | None) -> list[Any]:
        """What the question's queryset would have given."""
        if not told:
            return []
        readers = self.readers
        raw = [
            # A list first: a generator costs half as much again, for each column of each row.
            tuple([None if text is None else read(text) for read, text in zip(readers, row, strict=True)])
            for row in told
        ]
        if self.models is not None:
            return self.models.made(raw)
        compiler: Any = copy.copy(self.compiler)
        question: Any = self.question.all()
        compiler.execute_sql = lambda *args, **kwargs: [raw]
        compiler.get_converters = lambda expressions: self.converters
        question.query.get_compiler = lambda *args, **kwargs: compiler
        return list(question)


class AtOnce:
    """Questions that are always asked together: `asked(**values)` answers with the rows of each, in their order.

    `ask` makes the querysets of keyword arguments, which are ids, moments and dates, and may do nothing else with them.
    What it locks (`select_for_update`) is locked, by each question in its own order; but all of them see the rows of
    one moment, so what must be seen behind a lock is locked before. `when`, a condition in SQL: only while it holds is
    anything read or locked; else all answers are empty.
    """

    def __init__(self, ask: Callable[..., Sequence[Question]], *, when: str = "") -> None:
        self.ask = ask
        self.column = f"CASE WHEN {when} THEN ({{}}) END" if when else "({})"
        self._built: tuple[str, list[Any], list[_Part]] | None = None

    def __call__(self, **values: UUID | date) -> list[list[Any]]:
        sql, given = self.asks(**values)
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            told = cursor.fetchone()
        _, _, parts = self._statement(values)
        return [part.rows(rows) for part, rows in zip(parts, told, strict=True)]

    def asks(self, **values: UUID | date) -> tuple[str, list[Any]]:
        """The statement with its parameters, for who sends it ahead (`core.postgresql.scoped.ahead`)."""
        sql, params, _ = self._statement(values)
        return sql, [values[param.name] if isinstance(param, _Open) else param for param in params]

    def many(self, asked: Sequence[dict[str, UUID | date]]) -> list[list[list[Any]]]:
        """The same questions of many things in one statement: for each of `asked`, in order, the rows of each question.

        Only for questions that lock nothing: what is read here is read of all of them at once.
        """
        if not asked:
            return []
        sql, params, parts = self._statement(asked[0])
        names = list(asked[0])
        kinds = ", ".join(f"%s::{_kind(asked[0][name])}[]" for name in names)
        text, kept = _with_columns(sql, params)
        text += f" FROM unnest({kinds}) WITH ORDINALITY AS asked({', '.join(names)}, nth) ORDER BY asked.nth"
        with connection.cursor() as cursor:
            cursor.execute(text, [*kept, *([row[name] for row in asked] for name in names)])
            told = cursor.fetchall()
        return [[part.rows(rows) for part, rows in zip(parts, row, strict=True)] for row in told]

    def _statement(self, values: dict[str, Any]) -> tuple[str, list[Any], list[_Part]]:
        if self._built is None:
            marks = {name: _mark(value, number) for number, (name, value) in enumerate(values.items())}
            parts = [_Part(question) for question in self.ask(**marks)]
            names = {mark: name for name, mark in marks.items()}
            params = [_opened(param, names) for part in parts for param in part.params]
            missed = set(values) - {param.name for param in params if isinstance(param, _Open)}
            assert not missed, f"no question asks about {sorted(missed)}"
            self._built = f"SELECT {', '.join(self.column.format(part.sql) for part in parts)}", params, parts
        return self._built


class _Open:
    """A place for a value."""

    def __init__(self, name: str) -> None:
        self.name = name


def _with_columns(sql: str, params: Sequence[Any]) -> tuple[str, list[Any]]:
    """The statement with a column of `asked` in each place for a value, and the parameters that are left."""
    given, kept = iter(params), []
    parts = re.split("(%%|%s)", sql)
    for place, part in enumerate(parts):
        if part != "%s":
            continue
        param = next(given)
        if isinstance(param, _Open):
            parts[place] = f"asked.{param.name}"
        else:
            kept.append(param)
    return "".join(parts), kept


def _kind(value: UUID | date) -> str:
    if isinstance(value, UUID):
        return "uuid"
    return "timestamptz" if isinstance(value, datetime) else "date"


def _mark(value: Any, number: int) -> Any:
    """A value of the same kind that no question has of its own."""
    if isinstance(value, UUID):
        return uuid4()
    assert isinstance(value, date), "ids, moments and dates only"
    if not isinstance(value, datetime):
        return date(1000, 1, 1) + timedelta(days=number)
    return datetime(1000, 1, 1, 0, 0, 0, 271828, tzinfo=UTC) + timedelta(days=number)


def _opened(param: Any, names: dict[Any, str]) -> Any:
    if isinstance(param, UUID | date) and param in names:
        return _Open(names[param])
    assert not (isinstance(param, date) and param.year < 1100), "a question may not reckon with its values"
    return param
