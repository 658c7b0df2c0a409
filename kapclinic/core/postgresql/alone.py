"""A statement that is asked by itself, in the scope of now: scope, statement and end of transaction in one message.

A poll that finds nothing new asks nothing else, so three round trips become one. What goes out before one Sync is a
transaction by itself, and the scope is local to it, as it is to any other.
"""

from __future__ import annotations

import re
import select
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import OperationalError
from psycopg.errors import FeatureNotSupported
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from kapclinic.core import scope
from kapclinic.core.postgresql.scoped import ScopedConnection
from kapclinic.core.postgresql.straight import Loads, well

KEPT = 40  # statements that a connection has prepared: their plans are large, and few are polled
SCOPE = b"kap_alone"
TELL = b"SELECT set_config('kap.scope', $1, true)"
UNKNOWN = 0  # PostgreSQL finds out by itself
TYPES = {UUID: 2950, datetime: 1184, date: 1082, timedelta: 1186, int: 20, str: UNKNOWN}
MANY = {UUID: 2951, str: 1009, UNKNOWN: 1009}
Value = (
    Any  # a parameter: an id, a text, a moment, a day, or a number, or a list of the first two; or a column
)


def rows(statement: str, params: Sequence[Value], *, using: str = DEFAULT_DB_ALIAS) -> list[Sequence[Value]]:
    """What a cursor would fetch of this statement (`%s` for each parameter).

    Within a transaction that has begun it is asked there. Whoever looks at statements (a test that counts them, a
    wrapper) sees it as they see all.

    :raises django.db.Error: as a cursor would
    """
    base = connections[using]
    kinds = tuple(map(_kind, params))
    if not base.queries_logged and not base.execute_wrappers and None not in kinds:
        with base.wrap_database_errors:
            base.close_if_health_check_failed()
            base.ensure_connection()
            found = base.connection
            if isinstance(found, ScopedConnection) and _is_ready(found):
                with found.lock:
                    try:
                        return _asked(found, _spelt(statement, kinds), params)
                    except FeatureNotSupported:  # a column has another type than when this was prepared
                        base.close()
                        raise
    with base.cursor() as cursor:
        cursor.execute(statement, params)
        fetched: list[Sequence[Value]] = cursor.fetchall()
        return fetched


def _is_ready(found: ScopedConnection) -> bool:
    """Has no transaction begun, and may statements be prepared?"""
    return (
        found.prepare_threshold is not None
        and found.pgconn.transaction_status == TransactionStatus.IDLE
        and not found.soon
        and bool(scope.current())
    )


def _kind(value: Value) -> int | None:
    """The type of a parameter; None for one that only a cursor knows how to send."""
    if type(value) is list:
        return MANY.get(type(value[0]) if value else UNKNOWN)
    return TYPES.get(type(value))


class Spelt:
    """A statement as the server knows it."""

    def __init__(self, statement: str, kinds: tuple[int, ...]) -> None:
        self.kinds = kinds
        parts, place = re.split("(%%|%s)", statement), 0
        for nth, part in enumerate(parts):
            if part == "%s":
                place += 1
                parts[nth] = f"${place}"
            elif part == "%%":
                parts[nth] = "%"
        self.numbered = "".join(parts).encode()
        self.name = b"kap_alone_" + sha256(self.numbered + repr(kinds).encode()).hexdigest()[:20].encode()


_spelt = lru_cache(maxsize=1000)(Spelt)


def _asked(found: ScopedConnection, spelt: Spelt, params: Sequence[Value]) -> list[Sequence[Value]]:
    kept = found.alone_kept
    if spelt.name not in kept:
        _prepare(found, spelt)
    kept.move_to_end(spelt.name)
    result = _in_one(found, spelt.name, [_text(value) for value in params])
    well(found, result)
    loads = kept[spelt.name]
    if loads is None or loads.nfields != result.nfields:
        loads = kept[spelt.name] = Loads(found, result)
    read: list[Sequence[Value]] = loads.rows(result)
    return read


def _prepare(found: ScopedConnection, spelt: Spelt) -> None:
    line, kept = found.pgconn, found.alone_kept
    if SCOPE not in found.straight:
        well(found, line.prepare(SCOPE, TELL))
        found.straight[SCOPE] = None
    if len(kept) >= KEPT:
        oldest, _ = kept.popitem(last=False)
        well(found, line.close_prepared(oldest))
    well(found, line.prepare(spelt.name, spelt.numbered, spelt.kinds))
    kept[spelt.name] = None


def _in_one(found: ScopedConnection, name: bytes, values: list[bytes]) -> PGresult:
    """The answer to the statement, or to the first of both that was refused.

    :raises psycopg.OperationalError: when the connection is lost
    """
    line = found.pgconn
    answers: list[PGresult] = []
    line.enter_pipeline_mode()
    try:
        line.send_query_prepared(SCOPE, [scope.current().encode()])
        line.send_query_prepared(name, values)
        line.pipeline_sync()
        while not answers or answers[-1].status != ExecStatus.PIPELINE_SYNC:
            _wait(line)
            if (result := line.get_result()) is not None:
                answers.append(result)
        line.exit_pipeline_mode()
    except BaseException:
        found.close()  # nobody knows what is still to come on it
        raise
    refused = (answer for answer in answers if answer.status == ExecStatus.FATAL_ERROR)
    return next(refused, answers[1])


def _wait(line: PGconn) -> None:
    """Until the next answer is here, while other threads work."""
    wanted = select.POLLIN | (select.POLLOUT if line.flush() else 0)
    while line.is_busy():
        poll = select.poll()
        poll.register(line.socket, wanted)
        poll.poll()
        line.consume_input()
        wanted = select.POLLIN | (select.POLLOUT if line.flush() else 0)
    if line.status != ConnStatus.OK:
        raise OperationalError("the connection is lost")


def _text(value: Value) -> bytes:
    if isinstance(value, list):
        return f"{{{','.join(map(_quoted, value))}}}".encode()
    if isinstance(value, timedelta):
        return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds".encode()
    return (value.isoformat() if isinstance(value, date) else str(value)).encode()


def _quoted(value: UUID | str) -> str:
    said = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{said}"'
