"""A story that fails, made shorter: fewer days, fewer clients, fewer habits, as long as it still fails."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.simulation.habits import HABITS

PATIENCE_SECONDS = 600
MOST_CLIENTS = 400
WORLD_DAYS = 21  # calendar days of one seed: two locations, so twice as many clinic days


@dataclass(frozen=True)
class Plan:
    """Which world is lived: `only` these clients (all, when nothing is said), `without` these habits."""

    seed: int
    days: int
    only: frozenset[int] | None = None
    without: frozenset[str] = frozenset()

    def text(self, *, found: str) -> str:
        row = {
            "found": found,
            "seed": self.seed,
            "days": self.days,
            "only": None if self.only is None else sorted(self.only),
            "without": sorted(self.without),
        }
        return json.dumps(row, indent=2)

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        row = json.loads(Path(path).read_text())
        only = None if row["only"] is None else frozenset(row["only"])
        return cls(row["seed"], row["days"], only, frozenset(row["without"]))


def digest(traces: Mapping[int, str]) -> str:
    """One hash of the worlds' traces, whichever ended first."""
    whole = "".join(f"{seed}:{trace};" for seed, trace in sorted(traces.items()))
    return hashlib.sha256(whole.encode()).hexdigest()


def shorter(plan: Plan, *, fails: Callable[[Plan], bool], patience: float = PATIENCE_SECONDS) -> Plan:
    """The shortest plan found in `patience` seconds that still fails."""
    until = time.monotonic() + patience
    if not fails(plan):
        return plan
    plan = _fewer_clients(plan, fails, until)
    for habit in HABITS:
        if time.monotonic() < until and fails(tried := replace(plan, without=plan.without | {habit})):
            plan = tried
    return plan


def _fewer_clients(plan: Plan, fails: Callable[[Plan], bool], until: float) -> Plan:
    """Halves, then quarters, and so on, are left out while the story still fails."""
    alive = sorted(range(MOST_CLIENTS) if plan.only is None else plan.only)
    parts = 2
    while len(alive) > 1 and parts <= len(alive) and time.monotonic() < until:
        size = -(-len(alive) // parts)
        for start in range(0, len(alive), size):
            rest = alive[:start] + alive[start + size :]
            if time.monotonic() > until:
                break
            if rest and fails(replace(plan, only=frozenset(rest))):
                alive, parts = rest, max(2, parts - 1)
                break
        else:
            parts *= 2
    return replace(plan, only=frozenset(alive))
