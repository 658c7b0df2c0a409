"""What a rule can say, and how two sayings about the same thing become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from programs.policy import limit
from screening.models import Finding

S = Finding.Severity
RANK: Mapping[str, int] = {S.INFO: 0, S.UNKNOWN: 1, S.RELATIVE: 2, S.ABSOLUTE: 3}
NEEDS_WORDS = frozenset({S.RELATIVE, S.UNKNOWN})


@dataclass(frozen=True)
class Found:
    """One thing found: `evidence` is what was said or measured, `source` who says that it matters."""

    code: str
    severity: str
    evidence: str
    source: str
    medication: UUID | None = None
    flags: tuple[str, ...] = ()


def worst(*severities: str) -> str:
    return max(severities, key=lambda severity: RANK[severity])


def as_policy_has_it(code: str, default: str, limits: Mapping[str, Any]) -> str:
    """The severity of `code` under the protocol: `limits["severities"]` may raise or lower a clinic's choice."""
    chosen = limit(limits, "severities").get(code)
    return str(chosen) if chosen in RANK else default


def merged(found: Iterable[Found]) -> list[Found]:
    """One finding per code and medicine: the worst severity, all the evidence."""
    by_key: dict[tuple[str, UUID | None], Found] = {}
    for item in found:
        key = (item.code, item.medication)
        before = by_key.get(key)
        if before is not None:
            evidence = (
                before.evidence if item.evidence in before.evidence else f"{before.evidence} {item.evidence}"
            )
            item = Found(  # noqa: PLW2901  (the merged one takes its place)
                item.code,
                worst(before.severity, item.severity),
                evidence,
                before.source,
                item.medication,
                tuple(sorted({*before.flags, *item.flags})),
            )
        by_key[key] = item
    return list(by_key.values())
