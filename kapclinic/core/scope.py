"""Who asks the database: the second wall looks at it, row by row (`kapclinic/trail/wall`).

A scope is text that goes out with the BEGIN of every transaction (`kapclinic/core/postgresql`) and ends with it:
`user:<id> <location>,<location>` for a member of staff or a client with a link, `all:<name>` for work that is nobody's
own, nothing for whoever is not known. Without a scope no row of a client or a location is there. It is a net under a
filter that was forgotten, and none under SQL that somebody slips in: whoever can write SQL can write a scope.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, Protocol, TypeVar
from uuid import UUID

NAMES = frozenset({
    "worker",  # tasks, the sweep and its ticker
    "command",  # `manage.py` and its commands, and whoever migrates
    "audit",  # `verify_audit`
    "backup",
    "link",  # an address that is a secret itself: a client's link, a calendar; until it is known whose it is
    "health",  # how the machine stands: counts over all places, no row of a client
    "crossing",  # a verb whose facts lie at other locations: `crossing()`
    "test",  # the tests' own hands, beside the requests that they send
})  # fmt: skip
NOBODY = ""

Part = TypeVar("Part")


class Asks(Protocol):
    """Whoever has places: a member of staff, a client with a link."""

    @property
    def pk(self) -> UUID: ...

    @property
    def locations(self) -> Collection[UUID]: ...


class _Process:
    """The scope of all that this process does and nobody asked for."""

    scope = NOBODY


_scope: ContextVar[str | None] = ContextVar("scope", default=None)


def of_process(kind: str, argv: Sequence[str]) -> str:
    """The name in which a process of this kind (`PATIENCE` of the settings) asks for what nobody asked it.

    The web asks as whoever is signed in; a shell, and a script that only sets Django up, see no row of a client until
    they name a scope.
    """
    command = argv[1] if len(argv) > 1 else ""
    if kind == "command":
        return "" if command in {"shell", "dbshell"} else "audit" if command == "verify_audit" else "command"
    return kind if kind in {"worker", "backup"} else ""


def begin(name: str) -> None:
    """From here on this process works in the scope `name`, wherever none is set; without a name in none."""
    _Process.scope = _all(name) if name else NOBODY


def current() -> str:
    """The scope that the next statement has."""
    found = _scope.get()
    return _Process.scope if found is None else found


def become(user: Any, *, named: str = "") -> None:
    """Whoever asks is known: until `nobody()` ends, all is asked in their scope; in none for who is not signed in.

    `named`: in that of one of NAMES, for an address that is asked by nobody in particular.
    """
    _scope.set(_all(named) if named else _of(user))


class nobody:  # noqa: N801  (a block, as `with nobody()`; on each request, where a generator costs three times as much)
    """A request begins: nobody is known yet. What `become` sets inside ends with it."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token: Token[str | None] = _scope.set(NOBODY)

    def __exit__(self, *_: object) -> None:
        _scope.reset(self._token)


@contextmanager
def of(user: Any) -> Iterator[None]:
    """All of this is asked as `user`, at their places as they are now."""
    with _set(_of(user)):
        yield


@contextmanager
def named(name: str) -> Iterator[None]:
    """All of this is asked in the scope of one of NAMES, which sees all."""
    with _set(_all(name)):
        yield


@contextmanager
def crossing() -> Iterator[None]:
    """For the part of a verb that reaches over to a location which is not the user's, as it is meant to.

    What is read here is judged, counted or written there, and goes into no answer.
    """
    with _set(_all("crossing")):
        yield


def kept(parts: Iterable[Part]) -> Iterator[Part]:
    """An answer that is sent piece by piece, each made in the scope of now, after the request has ended."""
    scope, each = current(), iter(parts)

    def made() -> Iterator[Part]:
        while True:
            with _set(scope):
                try:
                    part = next(each)
                except StopIteration:
                    return
            yield part

    return made()


@contextmanager
def _set(scope: str) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def _all(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"there is no scope {name}")
    return f"all:{name}"


def _of(user: Any) -> str:
    """Ids alone: no word that anybody wrote stands in a scope."""
    places = getattr(user, "locations", None)
    if user is None or user.pk is None or places is None:
        return NOBODY
    return f"user:{_id(user.pk)} {','.join(map(_id, places))}"


def _id(value: Any) -> str:
    return str(value if type(value) is UUID else UUID(str(value)))
