"""Which instruments a protocol asks for around each dose, and on which days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kapclinic.core.errors import FieldError
from programs import policy

MOST_OFFSETS = 20
FURTHEST_DAYS = 365


def measure_errors(rows: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Each known instrument once, with whole days from the dose (below 0: before it) that rise without repeats."""
    errors = []
    seen: set[str] = set()
    for number, row in enumerate(rows):
        where = f"/measures/{number}"
        if unknown := sorted(set(row) - {"instrument", "offsets_days"}):
            errors.append(FieldError(f"{where}/{unknown[0]}", "unknown_field", "No such value of a measure."))
        name = row.get("instrument")
        if not isinstance(name, str) or name not in policy.MEASURED:
            words = ", ".join(policy.MEASURED)
            errors.append(FieldError(f"{where}/instrument", "invalid", f"One of {words} is expected."))
        elif name in seen:
            errors.append(FieldError(f"{where}/instrument", "repeated", "Each instrument is named once."))
        else:
            seen.add(name)
        if not _are_offsets(row.get("offsets_days")):
            words = f"Whole days from the dose, rising, from -{FURTHEST_DAYS} to {FURTHEST_DAYS}."
            errors.append(FieldError(f"{where}/offsets_days", "invalid", words))
    return errors


def _are_offsets(value: Any) -> bool:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_OFFSETS:
        return False
    whole = all(isinstance(day, int) and not isinstance(day, bool) for day in value)
    return whole and value == sorted(set(value)) and max(map(abs, value)) <= FURTHEST_DAYS
