"""What the first test of a process wrote by the services is written again for the others from its SQL.

A factory with a tape is run for real once per process; its INSERTs and UPDATEs are kept, and played in one round trip
when the same beginning is asked for again, with a copy of what the factory returned. The rows are the same to the
last id, but for ids that a sequence counts. Only a test in a transaction that is rolled back plays a tape, as the very
first thing that it builds. While one tape is recorded no other is played: what was played leaves no SQL to record.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

WRITES = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|SET CONSTRAINTS|SELECT trail_make_partition\b"
    r"|WITH\b.*(?:\bINSERT INTO\b|\bDELETE FROM\b|(?<!FOR )(?<!KEY )\bUPDATE\b))",
    re.DOTALL,
)


@dataclass
class Tape:
    """What a factory returned, and the SQL that wrote it."""

    result: Any
    sql: str


_tapes: dict[str, Tape] = {}
_recording: list[str] = []


def played(name: str, build: Callable[[], Any]) -> Any:
    """What `build` returns: by running it the first time, from its tape ever after."""
    if _recording or not connection.in_atomic_block:
        return build()
    if (tape := _tapes.get(name)) is None:
        with _recorded(name) as written:
            result = build()
        tape = _tapes[name] = Tape(copy.deepcopy(result), ";\n".join(written))
        return result
    assert connection.connection is not None
    with connection.connection.cursor() as cursor:
        cursor.execute(tape.sql, prepare=False)
    return copy.deepcopy(tape.result)


@contextmanager
def _recorded(name: str) -> Iterator[list[str]]:
    written: list[str] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        assert not many, "a tape holds single statements"
        if WRITES.match(sql):
            written.append(connection.ops.compose_sql(sql, params))
        return execute(sql, params, many, context)

    _recording.append(name)
    try:
        with connection.execute_wrapper(keep):
            yield written
    finally:
        _recording.clear()
