"""Several statements in one message to the server, which answers them one after another: one way there and back.

It is libpq's pipeline mode, with one Sync at the end: behind it the server is as idle as behind a statement alone, so
its time-outs count. Each statement sees what was committed when its own turn came, as if it had been sent by itself.
The first that is refused ends the message: nothing behind it is done, and so no COMMIT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import OperationalError, generators
from psycopg._preparing import Prepare
from psycopg._queries import PostgresQuery
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus
from psycopg.pq.abc import PGconn, PGresult

Results = list[PGresult]
Params = list[Any] | dict[str, Any]  # all that psycopg adapts
WELL = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Statement:
    """A cursor's question as it goes out: prepared where the connection has it, or is to have it, prepared."""

    def __init__(self, cursor: Any, query: PostgresQuery, *, prepare: bool | None = None) -> None:
        self.cursor, self.query = cursor, query
        self.prepared = cursor.connection._prepared  # noqa: SLF001
        self.prepare, self.name = self.prepared.get(query, prepare)

    def send(self) -> int:
        """Into the message; how many answers that makes."""
        if self.prepare is Prepare.NO:
            self.cursor._execute_send(self.query, force_extended=True)  # noqa: SLF001
            return 1
        makes = self.prepare is Prepare.SHOULD
        if makes:
            self.cursor._send_prepare(self.name, self.query)  # noqa: SLF001
        self.cursor._send_query_prepared(self.name, self.query)  # noqa: SLF001
        return 1 + makes

    def note(self, answers: Sequence[Results]) -> None:
        """Which of its answers came: what the server has prepared by now is prepared for the next time."""
        if self.prepare is Prepare.SHOULD and not is_well(answers[0]):
            return
        key = self.prepared.maybe_add_to_cache(self.query, self.prepare, self.name)
        if key is not None:
            self.prepared.validate(key, self.prepare, self.name, answers[-1])


@dataclass
class Ahead:
    """A statement that goes out behind another one, before it is asked for; then what the server answered."""

    sql: Any
    params: Params
    scope: str
    cursor: Any
    query: PostgresQuery
    answers: Sequence[Results] = ()

    def is_asked(self, sql: Any, params: Any, scope: str) -> bool:
        """Is this what is asked for now, by the same one?"""
        return self.sql == sql and scope == self.scope and comparable(params) == self.params


def comparable(params: Any) -> Any:
    """Parameters as they are held against others."""
    return list(params) if isinstance(params, tuple) else params


def is_well(results: Results) -> bool:
    return bool(results) and all(result.status in WELL for result in results)


def require_well(line: PGconn, answers: Sequence[Results]) -> None:
    """:raises psycopg.Error: of the first statement that was refused"""
    for results in answers:
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result, encoding=line._encoding)  # noqa: SLF001
        if not is_well(results):
            raise OperationalError("the connection is lost")


def exchange(line: PGconn, sends: Sequence[Callable[[], int]]) -> PQGen[list[list[Results]]]:
    """Send all of it as one message; for each of `sends`, which say how many answers they make, these answers.

    :raises OperationalError: when the connection is lost; it is closed then
    """
    line.enter_pipeline_mode()
    try:
        counts = [send() for send in sends]
        line.pipeline_sync()
        yield from generators.send(line)
        found: list[list[Results]] = []
        for count in counts:
            found.append([])
            for _ in range(count):
                found[-1].append((yield from generators.fetch_many(line)))
        yield from generators.fetch_many(line)  # of the Sync
    finally:
        _leave(line)
    return found


def _leave(line: PGconn) -> None:
    """Out of the mode again; a connection with an answer that nobody read is of no more use."""
    if line.status != ConnStatus.BAD and line.pipeline_status != PipelineStatus.OFF:
        try:
            line.exit_pipeline_mode()
        except OperationalError:
            line.finish()
