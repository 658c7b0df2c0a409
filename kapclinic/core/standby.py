"""A second PostgreSQL that follows the first one: reports and past days may be read there, nothing else.

Whoever reads here names the database: there is no router, so a question that does not say `using` asks the primary.
A standby shows commits late, and two of them may show them in another order: nothing that gates a write is asked here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connections
from psycopg.errors import QueryCanceled

ALIAS = "replica"
AWAY_SECONDS = 10  # a standby that did not answer is left alone for so long, by each process
# All up to the last commit that it has replayed is there, so its age is that commit's at most. While nobody writes it
# grows, though nothing is missing: the primary is asked then. Null before it has replayed anything, and on a server
# that follows nobody (any more).
AGE = """
SELECT CASE WHEN pg_is_in_recovery() THEN
    greatest(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8 END
"""

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class _Away:
    """Until when this process leaves a standby alone, by the monotonic clock."""

    until = 0.0


def read(ask: Callable[[str], Answer]) -> tuple[Answer, float | None]:
    """What `ask` answers when it is given the name of a database, and the age in seconds of what it was read from.

    The standby is asked when there is one, it answers, and its age is at most `REPLICA_MAX_AGE_SECONDS`; else, and when
    `ask` fails there by the database's doing, the primary: then the age is None. `ask` only reads, and may be called
    twice.

    :raises OperationalError: when the standby took longer than a statement may: the primary is spared it
    """
    age = _age()
    if age is not None and age <= settings.REPLICA_MAX_AGE_SECONDS:
        try:
            return ask(ALIAS), age
        except Error as failed:
            if isinstance(failed.__cause__, QueryCanceled):
                raise
            _leave(failed)
    return ask(DEFAULT_DB_ALIAS), None


def _age() -> float | None:
    """Seconds that the standby is behind at most; None without one that answers."""
    if ALIAS not in connections.settings or time.monotonic() < _Away.until:
        return None
    try:
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(AGE)
            found: float | None = cursor.fetchone()[0]
    except Error as failed:
        _leave(failed)
        return None
    return found


def _leave(failed: Error) -> None:
    """Tell its class alone: a message may name people. One that is away is left alone for a while, and asked anew."""
    logger.warning("the replica did not answer (%s): the primary is asked", type(failed).__name__)
    if isinstance(failed, OperationalError | InterfaceError):
        _Away.until = time.monotonic() + AWAY_SECONDS
        connections[ALIAS].close()
