"""Whoever stands above and keeps rows that tie two registrations together: it registers when the process starts, as the
steps of the sweep do, and unties them in the transaction that takes a merge back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kapclinic.practice.models import User


class Parting(Protocol):
    """Unties what ties `one` registration to `others`, which are still one person while it is called."""

    def __call__(self, *, one: UUID, others: Sequence[UUID], by: User, at: datetime) -> None: ...


_PARTINGS: dict[str, Parting] = {}


def register(name: str, parting: Parting) -> None:
    """Let a room above have its say; at the start of the process, once. They are asked in the order of registering."""
    _PARTINGS[name] = parting


def part(*, one: UUID, others: Sequence[UUID], by: User, at: datetime) -> None:
    """Let every room above untie the two. Called before a row of a client is locked: who writes to a ledger locks that
    first, and the row of its client after it.
    """
    for parting in _PARTINGS.values():
        parting(one=one, others=others, by=by, at=at)
