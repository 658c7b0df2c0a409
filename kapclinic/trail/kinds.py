"""Kinds of worklist rows: the app that knows the roles declares them here, and no row of another kind opens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Declared(Protocol):
    """What the trail has to know of a kind: who sees it, who it may climb to, and whether only words settle it."""

    @property
    def value(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def climbs_to(self) -> frozenset[str]: ...
    @property
    def in_words(self) -> bool: ...


_kinds: dict[str, Declared] = {}


class Undeclared(LookupError):
    """A row of a kind that no table names, or for somebody whom its kind does not name: a fault of the code."""


def declare(kinds: Iterable[Declared]) -> None:
    """Make these kinds known; at the start of the process, once."""
    _kinds.update({kind.value: kind for kind in kinds})


def known(kind: str) -> Declared:
    """The kind's row of the table.

    :raises Undeclared: for a kind that stands in none
    """
    try:
        return _kinds[kind]
    except KeyError as exc:
        raise Undeclared(kind) from exc


def seen_by(kind: str, roles: Iterable[str] | None = None) -> set[str]:
    """Who sees a row of this kind: everybody whom it names at first, or those of them that the caller names.

    :raises Undeclared: for a role that the kind does not name
    """
    row = known(kind)
    wanted = {str(role) for role in (row.roles if roles is None else roles)}
    if not wanted <= {str(role) for role in row.roles | row.climbs_to}:
        raise Undeclared(f"{kind}: {sorted(wanted)}")
    return wanted


def in_words() -> set[str]:
    """The kinds that only words settle: whoever ticks such a row off says what was done."""
    return {kind for kind, row in _kinds.items() if row.in_words}
