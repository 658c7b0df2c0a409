"""Whoever stands above the ledger and has a say before a charge stands: it registers when the process starts, as the
steps of the sweep do. So every way of charging is looked at, and the ledger knows of nobody above it.
"""

from __future__ import annotations

from typing import Protocol

from billing.ledger.models import Charge
from kapclinic.practice.models import User


class Watcher(Protocol):
    """Looks at a charge that was just written, in its transaction."""

    def look_at(self, charge: Charge, *, override_reason: str, by: User) -> None:
        """:raises ClinicError: to refuse the charge, which is then undone"""

    def warnings_of(self, charge: Charge) -> list[dict[str, str]]:
        """What the biller should know of a charge that stands: [{code, detail}]."""


_WATCHERS: dict[str, Watcher] = {}


def register(name: str, watcher: Watcher) -> None:
    """Let a room above have its say; at the start of the process, once."""
    _WATCHERS[name] = watcher


def look_at(charge: Charge, *, override_reason: str, by: User) -> None:
    """:raises ClinicError: whatever a room above refuses it for"""
    for watcher in _WATCHERS.values():
        watcher.look_at(charge, override_reason=override_reason, by=by)


def warnings_of(charge: Charge) -> list[dict[str, str]]:
    return [warning for watcher in _WATCHERS.values() for warning in watcher.warnings_of(charge)]
