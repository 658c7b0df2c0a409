"""What one test begins with stays in the database for the next one that begins with the same.

The tests that are rolled back share one transaction, begun anew now and then. In it lie, one upon another, the rows of
what tests began with: the cast, a client, a program, each the work of a factory whose story is told (`tests/replay.py`)
and followed by a savepoint. A test takes over what it comes to in the same order. Its first statement of anything else
takes back whatever lies above that, and with its end all that it wrote itself is taken back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.test import TestCase, TransactionTestCase
from psycopg._cursor_base import BaseCursor
from psycopg.pq import TransactionStatus

from kapclinic.core.postgresql.base import _heard
from kapclinic.core.postgresql.scoped import ScopedConnection

TESTS, SECONDS = (
    500,
    120,
)  # of one transaction: what was taken back in it makes it slower, and its `now()` stands
LEVELS = 20
READS = re.compile(  # a function that is called alone may do anything
    r"SELECT (?!(?:\* FROM )?\w+\()|SAVEPOINT|RELEASE|FETCH|DECLARE|CLOSE"
)
IMMEDIATE = """
SELECT coalesce(string_agg(conname, ', '), '') FROM pg_constraint WHERE condeferrable AND NOT condeferred
"""


@dataclass
class World:
    """The shared transaction, and where in it the running test is."""

    base: transaction.Atomic
    raw: ScopedConnection
    judged: str  # SQL that looks at what was put off, and puts off again what is put off at the start
    begun: float = field(default_factory=time.monotonic)
    tests: int = 0
    levels: list[bytes] = field(default_factory=list)
    depth: int = 0  # how many of the levels are the running test's
    asked: bool = False  # whether the test has sent anything itself
    own: bool = False  # whether that may have written
    ours: bool = False  # whether a statement is of this module, or of a factory


_world: World | None = None
listeners: list[
    Callable[[str], None]
] = []  # each hears of every statement of a test, but for those that only read
_usual: dict[str, Any] = {}


def install() -> None:
    """From here on the tests of this process share a transaction."""
    _usual.update(
        enter=TestCase._enter_atomics.__func__,  # type: ignore[attr-defined]
        leave=TestCase._rollback_atomics.__func__,  # type: ignore[attr-defined]
        judge=TestCase._should_check_constraints,
        ask=BaseCursor._start_query,
    )
    TestCase._enter_atomics = classmethod(_enter)  # type: ignore[method-assign, assignment]
    TestCase._rollback_atomics = classmethod(_leave)  # type: ignore[method-assign, assignment]
    TestCase._should_check_constraints = _should_judge  # type: ignore[method-assign]
    BaseCursor._start_query = _ask  # type: ignore[method-assign]


def let_go(*, hang_up: bool = True) -> None:
    """End the transaction: somebody needs the database as it is without it."""
    global _world
    world, _world = _world, None
    if world is None:
        return
    if connection.connection is not world.raw:
        return  # whoever closed it has ended the transaction
    _quiet()
    if hang_up or _broken(world):
        connection.close()
    else:
        transaction.set_rollback(True)
    world.base.__exit__(None, None, None)


def shared() -> bool:
    """Whether the running test is in the shared transaction."""
    return _world is not None and connection.connection is _world.raw


def stands_alone(item: pytest.Item) -> bool:
    """Whether a test commits, asks another database than the one that a process shares (`fresh` hangs up for it), or
    locks its tables (`owner`).
    """
    names = set(getattr(item, "fixturenames", ()))
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and bool(marker.args or marker.kwargs)
    kind = getattr(item, "cls", None) or object
    commits = commits or (issubclass(kind, TransactionTestCase) and not issubclass(kind, TestCase))
    return commits or bool(
        {"transactional_db", "live_server", "clinic_env", "clinic_orm", "fresh", "owner"} & names
    )


def taken_over(key: bytes) -> bool:
    """Is what this factory writes there from the test before? Then the test goes on from behind it."""
    world = _world
    if world is None or world.own or _within() or len(world.levels) <= world.depth:
        return False
    if world.levels[world.depth] != key:
        return False
    world.depth += 1
    return True


@contextmanager
def laid_down(key: bytes, *, kept: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """A factory writes: what it wrote stays for the next test, if it stands on nothing that the test wrote itself."""
    world = _world
    if world is None or world.own or world.ours or _within() or world.depth >= LEVELS:
        yield
        return
    _back_to_depth(world)
    world.ours = True
    try:
        yield
        if kept() and not _within():
            world.raw.release()
            _say(world, f"{world.judged}; SAVEPOINT held_{world.depth + 1}")
            world.levels.append(key)
            world.depth += 1
        else:
            world.own = True
    except BaseException:
        world.own = True
        raise
    finally:
        world.ours = False


def _within() -> bool:
    """Is a savepoint open that the test made, or is the transaction lost?"""
    return bool(connection.savepoint_ids) or connection.needs_rollback


def _say(world: World, command: str) -> None:
    """Send statements that are none of the test's."""
    before, world.ours = world.ours, True
    try:
        with world.raw.cursor() as cursor:
            cursor.execute(command, prepare=False)
    finally:
        world.ours = before


def _back_to_depth(world: World) -> None:
    if len(world.levels) > world.depth:
        _undo(world)


def _undo(world: World) -> None:
    """Take back all but what the running test has taken over."""
    world.raw.forget_ahead()
    world.raw.told = None
    _say(world, f"ROLLBACK TO SAVEPOINT held_{world.depth}")
    world.raw.told = None
    del world.levels[world.depth :]


def _ask(self: BaseCursor[Any, Any], query: Any = None) -> Any:
    """A statement is about to leave: what lies above the test's own world goes first."""
    world = _world
    if world is not None and not world.ours and world.raw is self._conn:
        words = query if isinstance(query, str) else str(query)
        world.asked = True
        if not READS.match(words):
            world.own = True
            for hear in listeners:
                hear(words)
        if len(world.levels) > world.depth:
            yield from world.raw._send(f"ROLLBACK TO SAVEPOINT held_{world.depth}".encode())
            world.raw.told = None
            del world.levels[world.depth :]
    yield from _usual["ask"](self, query)


def _should_judge(self: Any, asked: Any) -> bool:
    if _world is not None and asked.alias == DEFAULT_DB_ALIAS and not _world.own:
        return False
    return bool(_usual["judge"](self, asked))


def _enter(cls: Any) -> dict[str, Any]:
    """A test begins."""
    global _world  # noqa: PLW0603
    if cls._databases_names() != [DEFAULT_DB_ALIAS]:
        let_go(hang_up=False)
        found: dict[str, Any] = _usual["enter"](cls)
        return found
    world = _world
    if world is not None and (
        _broken(world) or world.tests >= TESTS or time.monotonic() - world.begun > SECONDS
    ):
        let_go(hang_up=False)
        world = None
    if world is None:
        base = _usual["enter"](cls)[DEFAULT_DB_ALIAS]
        connection.ensure_connection()
        raw: Any = connection.connection
        with raw.cursor() as cursor:
            ((names,),) = cursor.execute(IMMEDIATE, prepare=False).fetchall()
            judged = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
            judged += f"; SET CONSTRAINTS {names} IMMEDIATE" if names else ""
            cursor.execute("SAVEPOINT held_0", prepare=False)
        world = _world = World(base, raw, judged)
    world.tests += 1
    world.raw.forget_ahead()
    world.depth, world.asked, world.own = 0, False, False
    return {DEFAULT_DB_ALIAS: world.base}


def _leave(cls: Any, atomics: dict[str, Any]) -> None:
    """A test ends: nothing of its own is left."""
    world = _world
    if world is None or atomics.get(DEFAULT_DB_ALIAS) is not world.base:
        _usual["leave"](cls, atomics)
        return
    status = world.raw.pgconn.transaction_status
    if connection.connection is not world.raw or status == TransactionStatus.IDLE or world.raw.closed:
        let_go()
        return
    _quiet()
    if world.asked or world.own or status != TransactionStatus.INTRANS:
        _undo(world)


def _quiet() -> None:
    """Nothing that a test left undone in Django's book of this transaction is held against the next one."""
    connection.needs_rollback = False
    connection.savepoint_ids.clear()
    del connection.atomic_blocks[1:]
    connection.run_on_commit = []
    connection.errors_occurred = False


def _broken(world: World) -> bool:
    """Has the server ended the transaction, or anybody else?"""
    raw = world.raw
    if connection.connection is not raw or raw.closed:
        return True
    return raw.pgconn.transaction_status != TransactionStatus.INTRANS or _heard(raw.fileno())
