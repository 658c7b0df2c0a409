"""Two people at the same moment: all that the second one does runs between two statements of the first.

One thread and two connections, so the order is the seed's and never the machine's. When the second needs a lock that
the first one holds, it could only wait: what it did is rolled back, and it is let in once the first has ended. The
first never waits for the second, so the database sees no deadlock, and a slow machine makes nobody wait.
"""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

from tests.simulation.trace import Call

WAIT = "40ms"  # a wait would last for ever: how long it is waited is only a price
USUAL = 30  # statements of an act of which nothing is known yet
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
Tell = Callable[[], None]


class Waits(BaseException):
    """It needs what the other one holds: nothing may catch it."""


@dataclass
class Rival:
    """What somebody else does meanwhile. `act` does it, and answers how everybody is told of it."""

    act: Callable[[], Tell]
    share: float  # how far the first one is by then, from 0 to 1
    fate: str = ""  # `between`, `waited` or `after`
    tell: Tell | None = None

    def come(self, outside: contextvars.Context) -> None:
        """All of it now, in the middle of the other one, unless it has to wait."""
        try:
            with _second_connection():
                self.tell = outside.run(self.act)
            self.fate = "between"
        except Waits:
            self.fate = "waited"
        except Exception as exc:  # noqa: BLE001 — the first one's handler would take it for its own
            self.tell, self.fate = _raising(exc), "between"

    def heard(self) -> None:
        """Who got through is told once, when both are over or before the first is."""
        tell, self.tell = self.tell, None
        if tell is not None:
            tell()

    def late(self) -> None:
        """Who had to wait, or came too late to meet the other one, is let in."""
        if self.fate != "between":
            self.fate = self.fate or "after"
            self.tell = self.act()
        self.heard()


@dataclass
class Asked:
    """A request of the second one, and what came of it."""

    ask: Callable[[], Call]
    told: Callable[[Call], None]
    call: Call | None = None

    def __call__(self) -> Tell:
        self.call = call = self.ask()
        return lambda: self.told(call)

    @property
    def answer(self) -> Any:
        """What it was answered when it was taken."""
        return self.call.answer if self.call is not None and self.call.status < 300 else None


def _raising(exc: Exception) -> Tell:
    def tell() -> None:
        raise exc

    return tell


@contextmanager
def meanwhile(rival: Rival | None, lengths: dict[str, int], asked: str) -> Iterator[None]:
    """Let `rival` come at one of the statements of what is asked, as long as that has not been committed."""
    if rival is None or rival.fate:
        yield
        return
    outside, usual = contextvars.copy_context(), connections["default"]
    kind = ID.sub("{}", asked)
    place, count, begun, over = 1 + int(rival.share * lengths.get(kind, USUAL)), 0, False, False

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count, begun, over
        count += 1
        begun, over = begun or usual.in_atomic_block, over or (begun and not usual.in_atomic_block)
        if count == place and not over:
            rival.come(outside)
        return execute(sql, params, many, context)

    with usual.execute_wrapper(look):
        yield
    lengths[kind] = max(count, lengths.get(kind, 0))


@contextmanager
def _second_connection() -> Iterator[None]:
    """Everything inside uses a connection of its own, on which a wait for a lock is a `Waits`."""
    usual, other = connections["default"], connections.create_connection("default")
    connections["default"] = other
    commit = other._commit
    other._commit = lambda: _or_waits(commit)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [WAIT])
        with other.execute_wrapper(_or_waits):
            yield
    finally:
        connections["default"] = usual
        other.close()


def _or_waits(execute: Callable[..., Any], *what: Any) -> Any:
    try:
        return execute(*what)
    except OperationalError as exc:
        if isinstance(exc.__cause__, LockNotAvailable):
            raise Waits from exc
        raise
