"""Other hash chains (the drug ledger's) register their check here, so that `verify_audit` walks them too."""

from __future__ import annotations

from collections.abc import Callable

Check = Callable[[], str | None]
_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """`check` answers None when the chain holds, else what is wrong with which row."""
    _checks[name] = check


def registered() -> list[tuple[str, Check]]:
    return sorted(_checks.items())
