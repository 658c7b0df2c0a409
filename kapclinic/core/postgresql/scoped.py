"""A connection whose every transaction begins with the scope of whoever asks (`kapclinic/core/scope.py`).

BEGIN and the scope go out with the first statement, in one message (`message`), so they cost no way to the server; the
scope is local to the transaction, so it ends with it, and a pooler in transaction mode may hand the connection on. A
statement that would stand alone is a transaction of its own, so that none leaves without a scope. Where the scope
changes within a transaction, the new one goes out before the next statement.

With the last statement of a transaction goes its COMMIT (`ending`), and behind a statement what will be asked next
(`ahead`). A savepoint is made with the first statement within it, and released with the next one that is made, or with
what it stands in: what is done in it counts, and can be undone from without, either way.
"""

from __future__ import annotations

import functools
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, Self

from django.db import connection, transaction
from psycopg import Connection, Cursor, ServerCursor, _queries, generators
from psycopg._preparing import Prepare, PrepareManager
from psycopg._queries import PostgresQuery
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from kapclinic.core import scope
from kapclinic.core.postgresql.message import (
    WELL,
    Ahead,
    Params,
    Statement,
    comparable,
    exchange,
    require_well,
)

TELL = "SET LOCAL kap.scope TO '{}'"  # no question yet: a transaction may still say how it is isolated
UNDONE, RELEASED, MADE = "ROLLBACK TO SAVEPOINT", "RELEASE", "SAVEPOINT"
Asks = tuple[str, Params]  # a statement and its parameters
# psycopg keeps 128 statements as the server wants them, none of the long ones: ours are some hundreds, asked again and
# again, and half of what it takes apart it has taken apart before.
_queries._query2pg = functools.lru_cache(1000)(_queries._query2pg_nocache)  # noqa: SLF001
_queries.MAX_CACHED_STATEMENT_LENGTH = 20_000
_queries.MAX_CACHED_STATEMENT_PARAMS = 200
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
    gathers = (
        False  # a cursor is at work that puts what comes first, and last, into the message of its statement
    )
    ends = False  # the next statement is the last of its transaction

    def __init__(self, pgconn: PGconn, *args: Any, **kwargs: Any) -> None:
        super().__init__(pgconn, *args, **kwargs)
        self._prepared = self.kept = Kept()
        # Of `core.postgresql.straight`: what is prepared, and reads its rows.
        self.straight: dict[bytes, Any] = {}
        self.first: tuple[bytes, ...] = ()  # of our own, before the next statement
        self.soon: list[bytes] = []  # of savepoints, behind that
        self.late: bytes | None = None  # the RELEASE that goes out before the next savepoint
        self.behind: list[Ahead] = []  # goes out behind the next statement
        self.answered: deque[Ahead] = deque()  # went out, and was not asked for yet
        self.alone_kept: OrderedDict[bytes, Any] = OrderedDict()  # of `core.postgresql.alone`, likewise

    def _start_query(self) -> PQGen[None]:
        status, wanted = self.pgconn.transaction_status, scope.current()
        if status == TransactionStatus.INTRANS:
            if wanted != self.told:
                self.first = (TELL.format(wanted).encode(),)
                self.told, self.changed = wanted, True
        else:
            self.first = ()
            if not self._autocommit and status == TransactionStatus.IDLE:
                begin = self._get_tx_start_command()
                self.first = (begin, TELL.format(wanted).encode()) if wanted else (begin,)
                self.told, self.changed = wanted, False
        if (self.first or self.soon) and not self.gathers:
            yield from self.begin()

    def begin(self) -> PQGen[None]:
        """What comes first, as a message of its own."""
        if first := self._foremost():
            yield from self._send(b"; ".join(first))

    def _foremost(self) -> tuple[bytes, ...]:
        first, self.first, self.soon = (*self.first, *self.soon), (), []
        return first

    def ask(self, asked: Statement) -> PQGen[list[PGresult]]:
        """The results of a statement, which goes out with all that comes first, all that is asked for next, and, as
        the last of its transaction, with COMMIT.

        :raises psycopg.Error: when anything was refused but what is asked for next: that is told when it is asked for
        """
        first, behind, ends = self._foremost(), self.behind, self.ends
        self.behind, self.ends = [], False
        later = [Statement(one.cursor, one.query) for one in behind]
        said = [partial(self._say, command) for command in first]
        sends: list[Callable[[], int]] = [*said, asked.send, *(one.send for one in later)]
        if ends:
            sends.append(partial(self._say, b"COMMIT"))
        answers = yield from exchange(self.pgconn, sends)
        for statement, found in zip((asked, *later), answers[len(first) :], strict=False):
            statement.note(found)
        for one, found in zip(behind, answers[len(first) + 1 :], strict=False):
            one.answers = found
        require_well(self.pgconn, [row for found in answers[: len(first) + 1] for row in found])
        if ends:
            require_well(self.pgconn, answers[-1])
        self.answered.extend(behind)
        return answers[len(first)][-1]

    def _say(self, command: bytes) -> int:
        self.pgconn.send_query_params(command, None)
        return 1

    def recalled(self, query: Any, params: Any) -> Ahead | None:
        """What the server answered to this already, behind the statement before it.

        Whatever else is asked first makes the rest too old: it is asked for again, and was for nothing.
        """
        found = self.answered.popleft()
        if found.is_asked(query, params, scope.current()):
            return found
        refused = self.pgconn.transaction_status == TransactionStatus.INERROR
        self.answered.clear()
        if refused and not str(query).startswith(UNDONE):
            require_well(self.pgconn, found.answers)
        return None

    def commit(self) -> None:
        self.forget_ahead()
        super().commit()

    def rollback(self) -> None:
        self.forget_ahead()
        super().rollback()

    def forget_ahead(self) -> None:
        """The transaction is over: nothing of it is asked for any more."""
        self.first, self.soon, self.late, self.behind = (), [], None, []
        self.answered.clear()

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
        self._autocommit, self.ends = False, True
        try:
            yield
            self.commit()  # where it could not go with the statement
        except BaseException:
            if not self.closed:
                self.rollback()
            raise
        finally:
            self._autocommit, self.ends = True, False

    def undone(self, query: Any) -> None:
        """A savepoint was undone, and with it a scope that was told within it; or ended, with all that stood in it."""
        if (self.changed or self.late) and str(query).startswith((UNDONE, RELEASED)):
            self.late = None
            if self.changed and str(query).startswith(UNDONE):
                self.told = None

    def may_put_off(self) -> bool:
        """Does this transaction take what it is told, so that a savepoint in it may be made later?"""
        return not self.closed and self.pgconn.transaction_status in {
            TransactionStatus.INTRANS,
            TransactionStatus.IDLE,
        }

    def release(self) -> None:
        """The RELEASE that was put off goes out with the next statement: it may be followed by a savepoint."""
        if self.late is not None:
            self.soon.append(self.late)
            self.late = None


def _of(cursor: Any) -> ScopedConnection:
    found = cursor.connection
    assert isinstance(found, ScopedConnection)
    return found


class ScopedCursor(Cursor[Any]):
    """Of bound parameters, as Django's; no statement of it leaves without a scope."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Self:
        conn = _of(self)
        if conn.late is not None and str(query).startswith(MADE):
            conn.release()
        try:
            if conn.answered and (found := conn.recalled(query, params)):
                self._take(found)
                return self
            with conn.alone():
                conn.gathers = True
                try:
                    super().execute(query, params, **kwargs)
                finally:
                    conn.gathers = False
        except FeatureNotSupported:  # a column has another type than when this was prepared
            conn.kept.forget()
            raise
        conn.undone(query)
        return self

    def _maybe_prepare_gen(
        self, pgq: PostgresQuery, *, prepare: bool | None = None, binary: bool | None = None
    ) -> PQGen[None]:
        conn = _of(self)
        if not conn.gathers or binary or conn._pipeline is not None:  # noqa: SLF001
            yield from super()._maybe_prepare_gen(pgq, prepare=prepare, binary=binary)
            return
        found, _ = conn.kept.get(pgq, prepare)
        if pgq.params is None and b";" in pgq.query:  # may be several, which a message takes one by one
            yield from conn.begin()
        elif conn.first or conn.soon or conn.behind or conn.ends or found is Prepare.SHOULD:
            results = yield from conn.ask(Statement(self, pgq, prepare=prepare))
            self._set_results(results)
            return
        yield from super()._maybe_prepare_gen(pgq, prepare=prepare, binary=binary)

    def _take(self, found: Ahead) -> None:
        """The answer that came already.

        :raises psycopg.Error: when it was a refusal
        """
        require_well(_of(self).pgconn, found.answers)
        self._reset()
        self._tx, self._query = found.cursor._tx, found.query  # noqa: SLF001
        self._set_results(found.answers[-1])

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        _of(self).answered.clear()
        with _of(self).alone():
            super().executemany(*args, **kwargs)


class ScopedServerCursor(ServerCursor[Any]):
    """Its rows are found in the scope in which it was opened: outside of a transaction they are kept (WITH HOLD)."""

    def execute(self, *args: Any, **kwargs: Any) -> Self:
        _of(self).answered.clear()
        with _of(self).alone():
            return super().execute(*args, **kwargs)


def at_once() -> AbstractContextManager[object]:
    """One transaction for all that is asked inside, so that the scope goes out once."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


@contextmanager
def ending() -> Iterator[None]:
    """The statement inside is the last of its transaction: COMMIT goes out with it.

    So whatever stands in the way of it has to be a refusal of the statement itself. A refusal of either is raised
    here, and nothing is written; a COMMIT that could not go with it follows at the end of the block of Django's.
    """
    conn = connection.connection
    if not isinstance(conn, ScopedConnection):
        yield
        return
    conn.ends = True
    try:
        yield
    finally:
        conn.ends = False


def ahead(asked: Sequence[Asks]) -> None:
    """What will be asked next in this transaction, in this order: it goes out behind the next statement.

    Whoever asks for it then has the answer at once, as of that moment. Only for questions that may be asked twice: of
    what is asked in another order, or in another scope, the answer is thrown away.
    """
    conn = connection.connection
    if not isinstance(conn, ScopedConnection) or not connection.in_atomic_block:
        return
    conn.behind = [_ahead(conn, sql, params) for sql, params in asked]


def ahead_first(asked: Sequence[Asks]) -> None:
    """As `ahead`, before all that goes out behind the next statement already."""
    conn = connection.connection
    if not isinstance(conn, ScopedConnection) or not connection.in_atomic_block:
        return
    if conn.behind and conn.behind[0].is_asked(*asked[0], scope.current()):
        return
    conn.behind = [*(_ahead(conn, sql, params) for sql, params in asked), *conn.behind]


def _ahead(conn: ScopedConnection, sql: str, params: Params) -> Ahead:
    cursor = conn.cursor()
    cursor._tx = Transformer(cursor)  # noqa: SLF001
    query = cursor._convert_query(sql, params)  # noqa: SLF001
    return Ahead(sql, comparable(params), scope.current(), cursor, query)
