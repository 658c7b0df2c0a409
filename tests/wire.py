"""What a connection sends to PostgreSQL, read off the wire: how often it waits for an answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import Trace

WAITS = ("Sync", "Query")  # messages behind which a client waits


@contextmanager
def trips() -> Iterator[list[list[str]]]:
    """The round trips of this thread's connection in the block, when it has ended: each as the statements in it."""
    connection.ensure_connection()
    line, found = connection.connection.pgconn, []
    with tempfile.NamedTemporaryFile("w+") as kept:
        line.trace(kept.fileno())
        line.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS | Trace.REGRESS_MODE)
        try:
            yield found
        finally:
            line.untrace()
            kept.seek(0)
            found += _told(kept)


def _told(lines: Iterator[str]) -> Iterator[list[str]]:
    """A message is one line: who sends it, its length, its kind, and what it says."""
    asked: list[str] = []
    for line in lines:
        side, _, kind, *said = [*line.rstrip("\n").split("\t"), "", ""]
        if side != "F":
            continue
        assert kind != "Flush", "behind a Flush the server does not end a transaction that stands still"
        if kind in {"Parse", "Bind", "Query", "Close"}:
            asked.append(f"{kind} {' '.join(said)}"[:160])
        if kind in WAITS:
            yield asked
            asked = []
