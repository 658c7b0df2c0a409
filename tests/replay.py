"""What one test of a process wrote by the services is written again for the others from its SQL.

A test's world is its story: what its factories built, one after another, each with what it was given and the clock's
moment. A factory that is `taped` is run for real once per process and story; its writes are kept, and played in one
round trip when the same story comes to the same factory again, with a copy of what it returned and of what became of
the rows that it was handed. The rows are the same to the last id, but for ids that a sequence counts. The story ends
with the first write of anything else (a request of the test, SQL) and with whatever else could change what a factory
comes to: a patched module, statements that are being watched. From there on everything is built for real.

Only a test in a transaction that is rolled back has a story.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import hashlib
import io
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model

from kapclinic.core import clock
from tests.held import laid_down, listeners, shared, taken_over

P = ParamSpec("P")
R = TypeVar("R")

WRITES = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|SET CONSTRAINTS|SELECT trail_make_partition\b"
    r"|WITH\b.*(?:\bINSERT INTO\b|\bDELETE FROM\b|(?<!FOR )(?<!KEY )\bUPDATE\b))",
    re.DOTALL,
)
TAKEN_BACK = "ROLLBACK TO SAVEPOINT"
CAST = -1  # its place, beside those of what a factory was handed
Written = tuple[str, Any]  # a statement and its parameters
PLAIN = (str, int, float, bool, bytes, type(None), Decimal, date, time, timedelta, UUID, Enum)


class Unnamed(Exception):
    """What a factory was given can't be told from another by its words."""


@dataclass
class Tape:
    """What a factory returned and what became of what it was handed, sealed, and the statements that it wrote."""

    left: bytes
    written: list[Written]

    @functools.cached_property
    def sql(self) -> str:
        return ";\n".join(_composed(one) for one in self.written)


@dataclass
class Story:
    """The running test: its place in the story, None where it has none, and whether anything is patched."""

    at: bytes | None = None
    patched: Callable[[], bool] = bool
    cast: Any = None


_tapes: dict[bytes, Tape] = {}
_spoiled: set[bytes] = set()  # what can't be kept: a part of it was taken back
_recording: list[list[Written]] = []  # one within another
_now = Story()


@contextmanager
def story(cast: Any, *, patched: Callable[[], bool]) -> Iterator[None]:
    """A test begins, with nothing but its cast."""
    _now.at, _now.patched, _now.cast = (b"" if shared() else None), patched, cast
    try:
        yield
    finally:
        _now.at, _now.patched, _now.cast = None, bool, None


@contextmanager
def beside_the_story() -> Iterator[None]:
    """What is written meanwhile decides nothing that a factory comes to."""
    at = _now.at
    try:
        yield
    finally:
        _now.at = at


def untouched() -> bool:
    """Whether the test has written nothing but what its factories did."""
    return _now.at is not None


def taped(build: Callable[P, R]) -> Callable[P, R]:
    """A factory that is run once for every story that comes to it."""
    name = f"{build.__module__}.{build.__qualname__}"

    @functools.wraps(build)
    def call(*args: P.args, **named: P.kwargs) -> R:
        key = _key(name, args, named)
        if key is None or key in _spoiled:
            return build(*args, **named)
        given = [value for value in (*args, *named.values()) if isinstance(value, Model)]
        tape = _tapes.get(key)
        result: R = (
            _recorded(key, given, lambda: build(*args, **named))
            if tape is None
            else _played(key, tape, given)
        )
        _now.at = key if key not in _spoiled else None
        return result

    return call


def played(name: str, build: Callable[[], Any]) -> Any:
    """What `build` returns, whatever the story is: for what nothing else of a test touches."""
    if not connection.in_atomic_block:
        return build()
    key = b"played " + name.encode()
    tape = _tapes.get(key)
    with beside_the_story():
        return _recorded(key, [], build) if tape is None else _played(key, tape, [])


def _key(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> bytes | None:
    """The story with this factory next; None if it has none, or could come to something else than it did before."""
    watchers = len(connection.execute_wrappers) - bool(_recording)
    if _now.at is None or watchers or not connection.in_atomic_block or _now.patched():
        return None
    try:
        words = [name, clock.now().isoformat(), *map(_word, args)]
        words += [f"{key}={_word(value)}" for key, value in named.items()]
    except Unnamed:
        return None
    return hashlib.blake2b(_now.at + "\n".join(words).encode(), digest_size=16).digest()


def _word(value: Any) -> str:
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, Model):
        return f"{value._meta.label}:{value.pk}:{getattr(value, 'version', '')}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_word(key)}:{_word(held)}" for key, held in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_word, value)) + "]"
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(map(_word, value))) + "}"
    if value is _now.cast or hasattr(value, "tape_word"):
        return "cast" if value is _now.cast else value.tape_word
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({_word({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})})"
    raise Unnamed(type(value))


def _recorded(key: bytes, given: list[Any], build: Callable[[], R]) -> R:
    written: list[Written] = []
    people = _known_people()
    _recording.append(written)
    try:
        if len(_recording) == 1:
            with laid_down(key, kept=lambda: not _taken_back(written)), connection.execute_wrapper(_keep):
                result = build()
        else:
            result = build()
    except BaseException:
        _spoiled.add(key)
        raise
    finally:
        _recording.pop()
    if _taken_back(written) or people != _known_people():
        _spoiled.add(key)
    if key not in _spoiled:
        _tapes[key] = Tape(_sealed(result, given), written)
    return result


def _taken_back(written: list[Written]) -> bool:
    return any(statement.startswith(TAKEN_BACK) for statement, _ in written)


def _composed(one: Written) -> str:
    """Once it is played: most of what is kept never is."""
    statement, params = one
    return statement if params is None else connection.ops.compose_sql(statement, params)


def _known_people() -> int:
    """Whoever joins the cast in a factory would be lacking where its tape is played."""
    return len(_now.cast.people) if _now.cast else 0


class _Sealer(pickle.Pickler):
    """Leaves out the cast, and what the factory was handed: the test that plays it has its own."""

    def __init__(self, file: io.BytesIO, given: list[Any]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.places = {id(live): place for place, live in enumerate(given)}
        if _now.cast is not None:
            self.places[id(_now.cast)] = CAST

    def persistent_id(self, found: Any) -> int | None:
        return self.places.get(id(found))


class _Opener(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, given: list[Any]) -> None:
        super().__init__(file)
        self.given = given

    def persistent_load(self, place: Any) -> Any:
        return _now.cast if place == CAST else self.given[place]


def _sealed(result: Any, given: list[Any]) -> bytes:
    file = io.BytesIO()
    _Sealer(file, given).dump((result, [live.__dict__ for live in given]))
    return file.getvalue()


def _played(key: bytes, tape: Tape, given: list[Any]) -> Any:
    if tape.written and (_recording or not taken_over(key)):
        assert connection.connection is not None
        with laid_down(key), connection.connection.cursor() as cursor:
            cursor.execute(tape.sql, prepare=False)
    for written in _recording:
        written.extend(tape.written)
    result, became = _Opener(io.BytesIO(tape.left), given).load()
    for fields, live in zip(became, given, strict=True):
        live.__dict__.clear()
        live.__dict__.update(fields)
    return result


@functools.lru_cache(4096)
def _writes(statement: str) -> bool:
    return statement.startswith(TAKEN_BACK) or WRITES.match(statement) is not None


def _keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """What a factory writes by itself is a part of the story for the factories that it calls after that."""
    assert not many, "a tape holds single statements"
    if _writes(sql):
        for written in _recording:
            written.append((sql, copy.copy(params)))
        if _now.at is not None:
            _now.at = hashlib.blake2b(_now.at + f"{sql}\n{params!r}".encode(), digest_size=16).digest()
    return execute(sql, params, many, context)


def _watch(statement: str) -> None:
    """See every statement of a test: what was written before may decide what a factory comes to."""
    if _writes(statement):
        _now.at = None


listeners.append(_watch)
