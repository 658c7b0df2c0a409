"""Limits of vital signs rise from mild to severe: the wrong way round, a band could never be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from kapclinic.core.errors import FieldError

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
