"""How a row is written: with its history in one statement, and beside its neighbours where it may be.

A row that is saved leaves one row of history, which the same statement takes from what it has just written. Inside
`together()` rows of tables that allow it (`joins`) wait for each other and leave as one statement: with the next thing
that is asked of the database, whatever it is, and at the latest where the block ends. So nobody reads what is not
written yet, locks are taken in the order of the code, and a savepoint that is undone takes along what waited in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import DatabaseError, DataError, connection, connections, models, transaction
from psycopg.errors import DivisionByZero

from kapclinic.core import scope
from kapclinic.core.postgresql.scoped import ScopedCursor, ahead_first, ending
from kapclinic.core.tables import ATOMS, Table, Written, table_of

P = ParamSpec("P")
R = TypeVar("R")
UNDONE = "ROLLBACK TO SAVEPOINT"
NOT_THERE = "A row that was to be changed is not there."
VALUES = ATOMS | {dict, list}  # no expressions
MOST = 20_000  # parameters of one statement: PostgreSQL takes 65,535


class Waiting:
    """What waits to be written together."""

    def __init__(self) -> None:
        self.scope = scope.current()
        self._begin()

    def _begin(self) -> None:
        self.rows: list[Written] = []
        self.keys: set[tuple[type[models.Model], Any]] = set()
        self.held = 0  # parameters

    def add(self, row: Written) -> None:
        key = (row.model, row.key)
        if self.held > MOST or key in self.keys:
            self.write()
        self.rows.append(row)
        self.keys.add(key)
        self.held += len(row.values)

    def write(self, *, ends: bool = False) -> None:
        """All that waits; `ends`: with the COMMIT of its transaction."""
        rows = self.rows
        self._begin()
        if rows and ends:
            with ending():
                _write(rows, checked=True)
        elif rows:
            _write(rows)

    def before(self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> Any:
        """Of everything that is asked of the connection: what waits goes first, or goes with what is undone."""
        if self.rows:
            if str(sql).startswith(UNDONE):
                self._begin()
            else:
                if not many and params and str(sql).startswith("SELECT") and _is_plain(context):
                    ahead_first([(sql, params)])
                self.write()
        return execute(sql, params, many, context)


def _is_plain(context: Any) -> bool:
    """Does this cursor read all of its answer at once?"""
    return isinstance(context["cursor"].cursor, ScopedCursor)


_waiting: ContextVar[Waiting | None] = ContextVar("waiting", default=None)


@contextmanager
def whole() -> Iterator[None]:
    """A transaction whose rows are saved as in `together()`; the last of them leave with its COMMIT, in one message.

    Inside another transaction it is a part of that one, and ends with a savepoint.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(), together(ends=outermost):
        yield


@contextmanager
def together(*, ends: bool = False) -> Iterator[None]:
    """Rows that are saved one after another inside this block, in one transaction, are one statement where they may be.

    A constraint may speak up only at the next question or at the end of the block. `ends`: the transaction ends with
    the block.
    """
    if _waiting.get() is not None:
        yield
        return
    waiting = Waiting()
    token = _waiting.set(waiting)
    try:
        with connection.execute_wrapper(waiting.before):
            yield
            waiting.write(ends=ends and not connection.needs_rollback)
    finally:
        _waiting.reset(token)


def joining(verb: Callable[P, R]) -> Callable[P, R]:
    """`verb` inside the transaction of its caller, without a savepoint of its own; else as a transaction by itself.

    For a verb that refuses before it writes, or whose caller undoes everything when it refuses.
    """

    @wraps(verb)
    def joined(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return verb(*args, **kwargs)
        with whole():
            return verb(*args, **kwargs)

    return joined


def write_once(row: models.Model, *, unless: str, by: UUID, at: datetime) -> bool:
    """Insert a new row with its history, at once, unless another stands in its way; says whether it was inserted.

    `unless` is the unique index that may object, as ON CONFLICT names it: the words of a model, and never a value.
    """
    table = table_of(type(row))
    given = _written(row, table, by=by, at=at)
    assert table.history is not None
    assert given is not None
    sql, params = table.insert([given])
    once = f"{sql} ON CONFLICT {unless} DO NOTHING RETURNING *"
    with transaction.mark_for_rollback_on_error(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"WITH w0 AS ({once}) {table.history}w0", [*params, by, at, "+"])
        written = bool(cursor.rowcount)
    row._state.adding, row._state.db = not written, connection.alias
    return written


def write(row: models.Model, *, by: UUID | None = None, at: datetime | None = None) -> bool:
    """Insert a new row, or update all of one that is there, with its history of `by` and `at`.

    False, and nothing is done, for a row that only Django can save: one with an expression in it, one of which not all
    columns were read, or one whose saving somebody listens to.
    """
    table = table_of(type(row))
    if not table.is_plain or row.get_deferred_fields():
        return False
    written = _written(row, table, by=by, at=at)
    if written is None:
        return False
    waiting = _waiting.get()
    may_wait = table.joins or (table.rides and waiting is not None and waiting.scope == scope.current())
    if waiting is None or not may_wait or not connection.in_atomic_block:
        with transaction.mark_for_rollback_on_error(using=connection.alias):
            _write([written])
    else:
        waiting.add(written)
    row._state.adding, row._state.db = False, connection.alias
    return True


def _written(row: models.Model, table: Table, *, by: UUID | None, at: datetime | None) -> Written | None:
    """The row as it is now, or None when it says something that only the database can work out."""
    adding = row._state.adding
    values = [
        getattr(row, way.name) if way.is_told else way.field.pre_save(row, adding) for way in table.ways
    ]
    if any(type(value) not in VALUES and hasattr(value, "resolve_expression") for value in values):
        return None
    row._prepare_related_fields_for_save(operation_name="save")  # type: ignore[attr-defined]  # noqa: SLF001
    line, ways = connections[connection.alias], zip(table.ways, values, strict=True)
    kept = tuple([way.kept(value, line) for way, value in ways])
    return Written(type(row), row.pk, kept, adding, by, at)


ALL = "SELECT 1 / (({counts}) = %s::bigint)::int"


@dataclass(frozen=True)
class Leaving:
    """A statement as it leaves; `count` is how many rows it has to tell of, None where nobody looks."""

    sql: str
    params: list[Any]
    count: int | None


def _write(rows: Sequence[Written], *, checked: bool = False) -> None:
    """All of them, in the order of `rows`: neighbours that join as one statement, all statements in one message.

    `checked`: the statement itself is refused for a row that is not there, since nobody looks before its COMMIT.

    :raises DatabaseError: when a row that was to change is not there
    """
    leaving = [_leaving(run, checked=checked) for run in _runs(rows)]
    if len(leaving) > 1:
        ahead_first([(one.sql, one.params) for one in leaving[1:]])
    with connection.cursor() as cursor:
        for one in leaving:
            _execute(cursor, one)


def _execute(cursor: Any, one: Leaving) -> None:
    """:raises DatabaseError: when a row that was to change is not there"""
    try:
        cursor.execute(one.sql, one.params)
    except DataError as exc:
        if isinstance(exc.__cause__, DivisionByZero):
            raise DatabaseError(NOT_THERE) from exc
        raise
    if one.count is not None and cursor.fetchone()[0] != one.count:
        raise DatabaseError(NOT_THERE)


def _runs(rows: Sequence[Written]) -> list[list[Written]]:
    """Neighbours that join; every other row by itself."""
    runs: list[list[Written]] = []
    for row in rows:
        if runs and table_of(row.model).joins and table_of(runs[-1][-1].model).joins:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _leaving(rows: Sequence[Written], *, checked: bool) -> Leaving:
    """One statement, in the order of `rows`: each part looks at the one before it, which so comes first."""
    parts: list[tuple[str, list[Any]]] = []
    after, changed = "", []
    for group in _grouped(rows):
        table, first = table_of(group[0].model), group[0]
        sql, params = table.insert(group, after) if first.adding else table.update(first, after)
        name = f"w{len(parts)}"
        taken = "*" if table.history else "1"
        parts.append((f"{name} AS ({sql} RETURNING {taken})", params))
        if table.history is not None:
            kind = "+" if first.adding else "~"
            history = f"h{len(parts)} AS ({table.history}{name})"
            parts.append((history, [first.by, first.at, kind]))
        changed.append(f"(SELECT count(*) FROM {name})")  # noqa: S608
        after = f" WHERE {changed[-1]} > 0"
    if len(parts) == 1 and rows[0].adding:  # a fact alone
        return Leaving(*table_of(rows[0].model).insert(rows), count=None)
    sql = f"WITH {', '.join(part for part, _ in parts)} "
    given = [param for _, params in parts for param in params]
    counts = " + ".join(changed)
    if checked:
        return Leaving(sql + ALL.format(counts=counts), [*given, len(rows)], count=None)
    return Leaving(f"{sql}SELECT {counts}", given, count=len(rows))


def _grouped(rows: Sequence[Written]) -> list[list[Written]]:
    """New rows of one table that stand side by side, as one group; every other row by itself."""
    groups: list[list[Written]] = []
    for row in rows:
        if groups and groups[-1][-1].joins(row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
