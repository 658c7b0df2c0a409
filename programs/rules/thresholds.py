"""Thresholds of a protocol that can be reached: limits of vital signs rise from mild to severe, an alert asks for an
answer that its instrument has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from kapclinic.core.errors import FieldError
from programs.policy import SUICIDE_ITEMS, SuicideItem

# Sign -> names of its limits, each chain from the lowest value to the highest (clinical policy 3.1 and 3.2). A number
# behind the name is the place in its list.
RISING: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "bp": (("go.0", "hold.0", "red.0", "red_single.0"), ("go.1", "hold.1", "red.1", "red_single.1")),
    "hr": (("hold.0", "go.0", "go.1", "hold.1", "red_high"), ("red_low", "go.0")),
    "spo2": (("emergency", "red", "hold", "go"),),
    "rr": (("red.0", "hold.0", "go.0", "go.1", "hold.1", "red.1"),),
    "sedation": (("red", "amber", "go"),),
    "etco2": (("red.0", "go.0", "go.1", "red.1"),),
    "extreme": (
        ("systolic.0", "systolic.1"),
        ("diastolic.0", "diastolic.1"),
        ("heart_rate.0", "heart_rate.1"),
    ),
}
WORST_GRADE = 5  # CTCAE v5
WHOLE = (
    "clearance_expiring_days",
    "consent_days",
    "severe_grade",
)  # counted by the database, which knows no halves


def band_errors(bands: Mapping[str, Any]) -> list[FieldError]:
    """Each limit that lies on the wrong side of the milder or graver one beside it. Call with bands of the right shape,
    every default filled in.
    """
    return [
        FieldError(
            f"/bands/{sign}/{_name(low)}", "order", f"{low} is above {high}: limits rise in this order."
        )
        for sign, low, high in _neighbours()
        if _value(bands[sign], low) > _value(bands[sign], high)
    ]


def _is_reached(asked: SuicideItem, row: Sequence[float] | None) -> bool:
    if row is None:  # as the default policy has it
        return True
    item, lowest = row
    return isinstance(item, int) and item == asked.item and lowest in range(1, asked.highest + 1)


def _neighbours() -> Iterator[tuple[str, str, str]]:
    for sign, chains in RISING.items():
        for chain in chains:
            for low, high in pairwise(chain):
                yield sign, low, high


def _name(limit: str) -> str:
    return limit.partition(".")[0]


# Any: a table of limits is JSON
def _value(table: Mapping[str, Any], limit: str) -> float:
    name, _, place = limit.partition(".")
    value: float = table[name][int(place)] if place else table[name]
    return value


def limit_errors(limits: Mapping[str, Any]) -> list[FieldError]:
    """Each limit that no answer, grade or value could ever reach, or that nothing can be counted by.

    Call with limits of the right shape, every default filled in.
    """
    errors = [
        FieldError(
            f"/limits/alert_items/{name}",
            "invalid",
            f"[{asked.item}, lowest], the lowest answer from 1 to {asked.highest}, is expected.",
        )
        for name, asked in SUICIDE_ITEMS.items()
        if not _is_reached(asked, limits["alert_items"].get(name))
    ]
    errors += [
        FieldError(f"/limits/{name}", "invalid", "A whole number is expected.")
        for name in WHOLE
        if not isinstance(limits[name], int)
    ]
    if limits["severe_grade"] not in range(1, WORST_GRADE + 1):
        errors.append(FieldError("/limits/severe_grade", "invalid", f"1 to {WORST_GRADE} is expected."))
    ranges = {f"plausible/{sign}": row for sign, row in limits["plausible"].items()}
    ranges["event_phase_hours"] = limits["event_phase_hours"]
    errors += [
        FieldError(f"/limits/{name}", "order", "The first number is the lower one.")
        for name, (low, high) in ranges.items()
        if low > high
    ]
    return errors
