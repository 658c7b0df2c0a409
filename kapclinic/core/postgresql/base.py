"""A kept connection is looked at before a request by one system call, in place of a statement to the server.

Whoever ends a connection (a restart, a failover, `pg_terminate_backend`, a time-out) sends something: its socket can be
read from, and only then is the server asked. A host that vanished without a word is found out by the first statement,
as it would have been by the question.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base
from psycopg.pq import ConnStatus


def _heard(descriptor: int) -> bool:
    """Has the other side sent anything, or hung up, since the last answer?"""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLRDHUP)
    return bool(poll.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's."""

    def is_usable(self) -> bool:
        """Can the kept connection carry the next request? After an error, and when something was heard, by asking."""
        if self.connection is None:
            return False
        quiet = not self.errors_occurred and self.connection.pgconn.status == ConnStatus.OK
        if quiet and not _heard(self.connection.fileno()):
            return True
        return bool(super().is_usable())
