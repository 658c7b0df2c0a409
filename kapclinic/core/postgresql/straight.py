"""One row of a statement that each request begins with, asked through libpq itself.

Two layers of cursors cost more than such a statement. It is prepared once a connection, and its rows are read by the
same loaders as any other. Whoever looks at statements (a test that counts them, a wrapper) sees it as they see all.

It finds out by itself whether a kept connection lives, so nobody looks before: one that had ended is replaced, and the
statement is asked again. So it must do no harm if it is done twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from kapclinic.core import scope
from kapclinic.core.postgresql.scoped import ScopedConnection

NAMED = re.compile(r"%\((\w+)\)s")
Value = str | datetime


class Straight:
    """A statement with named parameters (`%(name)s`), each a text or a moment, that finds one row or none."""

    def __init__(self, name: str, statement: str) -> None:
        self.name, self.statement = name.encode(), statement
        self.params: list[str] = []
        self.numbered = NAMED.sub(self._number, statement).replace("%%", "%").encode()

    def _number(self, found: re.Match[str]) -> str:
        if found[1] not in self.params:
            self.params.append(found[1])
        return f"${self.params.index(found[1]) + 1}"

    def row(self, values: Mapping[str, Value]) -> Sequence[Any] | None:
        """
        :raises django.db.Error: as a cursor of Django's would
        """
        base: Any = connections[DEFAULT_DB_ALIAS]
        if base.queries_logged or base.execute_wrappers:
            return self._by_cursor(values)
        with base.wrap_database_errors:
            base.ensure_connection()
            if not _is_ready(base.connection):
                return self._by_cursor(values)
            try:
                row = self._asked(base, values)
            except OperationalError:
                if not _had_ended(base):
                    raise
                base.close()
                base.ensure_connection()
                row = self._asked(base, values)
            base.health_check_done = True
            return row

    def _asked(self, base: Any, values: Mapping[str, Value]) -> Sequence[Any] | None:
        found = base.connection
        with found.lock:
            result = self._ask(found, [_text(values[name]) for name in self.params])
            try:
                return _read(found, self.name, result)
            except FeatureNotSupported:  # a column has another type than when this was prepared
                base.close()
                raise

    def _by_cursor(self, values: Mapping[str, Value]) -> Sequence[Any] | None:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(self.statement, values)
            row: Sequence[Any] | None = cursor.fetchone()
            return row

    def _ask(self, found: ScopedConnection, values: list[bytes]) -> PGresult:
        line = found.pgconn
        if found.prepare_threshold is None:  # a pooler that knows no prepared statements
            return line.exec_params(self.numbered, values)
        if self.name not in found.straight:
            well(found, line.prepare(self.name, self.numbered))
            found.straight[self.name] = None
        return line.exec_prepared(self.name, values)


def _had_ended(base: Any) -> bool:
    """Is the connection lost that was kept for this request, which has asked nothing by it and lost nothing with it?"""
    line = base.connection.pgconn
    begins = base.health_check_enabled and not base.health_check_done and not base.in_atomic_block
    return bool(begins and line.status == ConnStatus.BAD)


def _is_ready(found: Any) -> bool:
    """May a statement go out as it is, in the scope of now?"""
    if not isinstance(found, ScopedConnection):
        return False
    status, wanted = found.pgconn.transaction_status, scope.current()
    if found.soon:
        return False
    if status == TransactionStatus.IDLE:
        return found.autocommit and not wanted
    return status == TransactionStatus.INTRANS and wanted == found.told


def _text(value: Value) -> bytes:
    return value.encode() if isinstance(value, str) else value.isoformat().encode()


def well(found: ScopedConnection, result: PGresult) -> None:
    """:raises psycopg.Error: for a refusal, or when the connection is lost"""
    if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        return
    if found.pgconn.status == ConnStatus.BAD:
        raise OperationalError("the connection is lost")
    raise error_from_result(result, encoding=found.info.encoding)


def _read(found: ScopedConnection, name: bytes, result: PGresult) -> Sequence[Any] | None:
    """Its columns are always the same, so who loads them is looked up once a connection."""
    well(found, result)
    loads: Loads | None = found.straight.get(name)
    if loads is None or loads.nfields != result.nfields:
        loads = found.straight[name] = Loads(found, result)
    return loads.row(result)


class Loads:
    """Reads the rows of one statement."""

    def __init__(self, found: ScopedConnection, result: PGresult) -> None:
        self.transformer, self.nfields = Transformer.from_context(found), result.nfields
        self.transformer.set_pgresult(result)

    def row(self, result: PGresult) -> Sequence[Any] | None:
        self.transformer.set_pgresult(result, set_loaders=False)
        row: Sequence[Any] | None = self.transformer.load_row(0, tuple) if result.ntuples else None
        self.transformer.set_pgresult(None, set_loaders=False)
        return row

    def rows(self, result: PGresult) -> list[Any]:
        self.transformer.set_pgresult(result, set_loaders=False)
        rows: list[Any] = self.transformer.load_rows(0, result.ntuples, tuple)
        self.transformer.set_pgresult(None, set_loaders=False)
        return rows
