"""Other hash chains (the drug ledger's) register here, so that `verify_audit` walks them too.

A chain that can be cut off at its end also registers an `Anchor`: its last links are kept elsewhere, and the chain is
compared with them later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Verify = Callable[[], str | None]
Heads = Mapping[str, Mapping[str, Any]]
_verifiers: dict[str, Verify] = {}
_anchors: dict[str, Anchor] = {}


@dataclass(frozen=True)
class Anchor:
    """`heads()` gives the present last links as {part: {sequence, hash}}; `beside(heads)` says which of the kept last
    links the chain lacks, or None.
    """

    heads: Callable[[], Heads]
    beside: Callable[[Heads], str | None]


def register(name: str, verify: Verify) -> None:
    """`verify` answers None when the chain holds, else what is wrong with which row."""
    _verifiers[name] = verify


def register_anchor(name: str, anchor: Anchor) -> None:
    """`name` is the key of its heads in an exported anchor."""
    _anchors[name] = anchor


def registered() -> list[tuple[str, Verify]]:
    return sorted(_verifiers.items())


def anchors() -> list[tuple[str, Anchor]]:
    return sorted(_anchors.items())
