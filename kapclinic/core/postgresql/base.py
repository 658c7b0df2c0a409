"""A connection whose transactions begin with a scope (`scoped`), and that is known to live without being asked.

A kept one is looked at before a request by one system call, in place of a statement to the server.

Whoever ends a connection (a restart, a failover, `pg_terminate_backend`, a time-out) sends something: its socket can be
read from, and only then is the server asked. A host that vanished without a word is found out by the first statement,
as it would have been by the question.
"""

from __future__ import annotations

import select
from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg import IsolationLevel
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import ConnStatus
from psycopg.types.datetime import TimestamptzLoader

from kapclinic.core.postgresql import held
from kapclinic.core.postgresql.scoped import ScopedConnection, ScopedCursor, ScopedServerCursor

YEAR = 4  # digits of a year that Python knows


def _heard(descriptor: int) -> bool:
    """Has the other side sent anything, or hung up, since the last answer?"""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLRDHUP)
    return bool(poll.poll(0))


class UtcLoader(Loader):
    """Reads a moment of a connection in UTC by Python's reader of ISO 8601; whatever else comes, as psycopg does."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        """:raises DataError: for a moment that Python has none for"""
        text = str(data, "ascii")
        if text[YEAR] == "-" and text[-3:] == "+00":
            return datetime.fromisoformat(text)
        return TimestamptzLoader(self.oid, self.connection).load(data).astimezone(UTC)


class Operations(DatabaseOperations):
    """As Django's, with our compilers."""

    compiler_module = "kapclinic.core.postgresql.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's."""

    ops_class = Operations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held.note(self)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        connection = ScopedConnection.connect(**conn_params | {"cursor_factory": ScopedCursor})
        connection.server_cursor_factory = ScopedServerCursor
        if self.timezone == UTC:
            connection.adapters.register_loader("timestamptz", UtcLoader)
        return connection

    def _unwatched(self) -> ScopedConnection | None:
        """The connection, where a savepoint may be put off: nobody looks at statements, and nothing waits for one."""
        found = self.connection
        if self.queries_logged or not isinstance(found, ScopedConnection) or not found.may_put_off():
            return None
        watchers = (getattr(watcher, "__self__", None) for watcher in self.execute_wrappers)
        return found if all(getattr(one, "rows", True) == [] for one in watchers) else None

    def _savepoint(self, sid: str) -> None:
        """It goes out with the first statement within it (`scoped`)."""
        if (found := self._unwatched()) is None:
            super()._savepoint(sid)  # type: ignore[misc]
            return
        found.release()
        found.soon.append(self.ops.savepoint_create_sql(sid).encode())

    def _savepoint_rollback(self, sid: str) -> None:
        """Where nothing was asked within it, nothing is undone."""
        made = self.ops.savepoint_create_sql(sid).encode()
        if (found := self._unwatched()) is not None and made in found.soon:
            del found.soon[found.soon.index(made) + 1 :]
        else:
            super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _savepoint_commit(self, sid: str) -> None:
        """It ends at the latest with what it stands in."""
        if (found := self._unwatched()) is None:
            super()._savepoint_commit(sid)  # type: ignore[misc]
            return
        made = self.ops.savepoint_create_sql(sid).encode()
        if made in found.soon:
            del found.soon[found.soon.index(made) :]
        else:
            found.late = self.ops.savepoint_commit_sql(sid).encode()

    def is_usable(self) -> bool:
        """Can the kept connection carry the next request? After an error, and when something was heard, by asking."""
        if self.connection is None:
            return False
        quiet = not self.errors_occurred and self.connection.pgconn.status == ConnStatus.OK
        if quiet and not _heard(self.connection.fileno()):
            return True
        return bool(super().is_usable())
