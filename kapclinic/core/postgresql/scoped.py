"""A connection whose every transaction begins with the scope of whoever asks (`kapclinic/core/scope.py`).

The scope goes out with BEGIN, in one message, so it costs no round trip; it is local to the transaction, so it ends
with it, and a pooler in transaction mode may hand the connection on. A statement that would stand alone is a
transaction of its own, so that none leaves without a scope. Where the scope changes within a transaction, the next
statement waits for the new one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Self

from django.db import connection, transaction
from psycopg import Connection, Cursor, ServerCursor, generators
from psycopg._preparing import Prepare, PrepareManager
from psycopg.abc import PQGen
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from kapclinic.core import scope

TELL = "SET LOCAL kap.scope TO '{}'"  # no question yet: a transaction may still say how it is isolated
UNDONE = "ROLLBACK TO SAVEPOINT"
WELL = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
FORGETS = re.compile(rb"(?:DROP|ALTER|DISCARD|DEALLOCATE)\b")  # the tag of a command, past a rollback


class Kept(PrepareManager):
    """Statements that the server has prepared, which a rollback leaves as they are, on the server as here.

    psycopg forgets them all with each, since a table may have been made within what is undone. The runtime role makes
    none; and a refusal undoes a savepoint, after which every statement would be parsed and planned anew.
    """

    def clear(self) -> bool:
        """A rollback asks for this: nothing is to be done."""
        return False

    def forget(self) -> None:
        """The server's plans no longer fit: all are to be made anew."""
        super().clear()

    def _should_discard(self, prep: Prepare, results: Sequence[PGresult], *_: object) -> bool:
        told = (result.command_status for result in results if result.status == ExecStatus.COMMAND_OK)
        return super().clear() if any(FORGETS.match(tag) for tag in told if tag) else False


class ScopedConnection(Connection[Any]):
    """As psycopg's, but for how a transaction begins."""

    told: str | None = (
        None  # the scope that the transaction has; None: nobody knows, as after a savepoint was undone
    )
    changed = False  # within this transaction

    def __init__(self, pgconn: PGconn, *args: Any, **kwargs: Any) -> None:
        super().__init__(pgconn, *args, **kwargs)
        self._prepared = self.kept = Kept()
        # Of `core.postgresql.straight`: what is prepared, and reads its rows.
        self.straight: dict[bytes, Any] = {}
        self.alone_kept: OrderedDict[bytes, Any] = OrderedDict()  # of `core.postgresql.alone`, likewise

    def _start_query(self) -> PQGen[None]:
        status, wanted = self.pgconn.transaction_status, scope.current()
        if status == TransactionStatus.INTRANS:
            if wanted != self.told:
                yield from self._send(TELL.format(wanted).encode())
                self.told, self.changed = wanted, True
        elif not self._autocommit and status == TransactionStatus.IDLE:
            begin = self._get_tx_start_command()
            yield from self._send(begin + (f"; {TELL.format(wanted)}".encode() if wanted else b""))
            self.told, self.changed = wanted, False

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        """With `name` None psycopg forgets whatever is prepared on this connection, and so does the server."""
        if name is None:
            self.straight.clear()
            self.alone_kept.clear()
        yield from super()._deallocate(name)

    def _send(self, command: bytes) -> PQGen[None]:
        """Send statements of our own as one message."""
        self._check_connection_ok()
        self.pgconn.send_query(command)
        for result in (yield from generators.execute(self.pgconn)):
            if result.status not in WELL:
                raise error_from_result(result, encoding=self.pgconn._encoding)  # noqa: SLF001

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One statement: outside of a transaction it is one by itself, in the scope of now; without one as it is."""
        idle = self.pgconn.transaction_status == TransactionStatus.IDLE
        if not (idle and self._autocommit and scope.current()):
            yield
            return
        self._autocommit = False
        try:
            yield
            self.commit()
        except BaseException:
            if not self.closed:
                self.rollback()
            raise
        finally:
            self._autocommit = True

    def undone(self, query: Any) -> None:
        """A savepoint was undone, and with it a scope that was told within it."""
        if self.changed and str(query).startswith(UNDONE):
            self.told = None


def _of(cursor: Any) -> ScopedConnection:
    found = cursor.connection
    assert isinstance(found, ScopedConnection)
    return found


class ScopedCursor(Cursor[Any]):
    """Of bound parameters, as Django's; no statement of it leaves without a scope."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        with _of(self).alone():
            try:
                super().execute(query, *args, **kwargs)
            except FeatureNotSupported:  # a column has another type than when this was prepared
                _of(self).kept.forget()
                raise
        _of(self).undone(query)
        return self

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        with _of(self).alone():
            super().executemany(*args, **kwargs)


class ScopedServerCursor(ServerCursor[Any]):
    """Its rows are found in the scope in which it was opened: outside of a transaction they are kept (WITH HOLD)."""

    def execute(self, *args: Any, **kwargs: Any) -> Self:
        with _of(self).alone():
            return super().execute(*args, **kwargs)


def at_once() -> AbstractContextManager[object]:
    """One transaction for all that is asked inside, so that the scope goes out once."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()
