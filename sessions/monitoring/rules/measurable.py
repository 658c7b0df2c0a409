"""What vital signs can be written: all that a device can show. What is far from the last value is told, not refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from kapclinic.core.errors import FieldError
from screening.rules.measurable import TABLE
from sessions.monitoring.rules import NEEDED, SIGNS, Vitals


class Unusual(TypedDict):
    """A value far from the last one (null without one), or outside of what the protocol calls plausible."""

    sign: str
    last: int | None
    now: int


def reading_errors(vitals: Vitals) -> list[FieldError]:
    """What no device shows, and what is neither there nor said to be not obtainable, by field."""
    missing = vitals.get("not_obtainable") or []
    errors = [found for sign in SIGNS if (found := _error_of(sign, vitals, missing))]
    systolic, diastolic = vitals.get("systolic"), vitals.get("diastolic")
    if not errors and systolic is not None and diastolic is not None and diastolic >= systolic:
        errors.append(FieldError("/diastolic", "reversed", "diastolic must be below systolic."))
    return errors


def _error_of(sign: str, vitals: Vitals, missing: Sequence[str]) -> FieldError | None:
    value, shown = vitals.get(sign), TABLE[sign]
    if value is None and sign in NEEDED and sign not in missing:
        code = "null" if sign in vitals else "required"
        return FieldError(f"/{sign}", code, f"Measure {sign}, or name it in not_obtainable.")
    if value is not None and sign in missing:
        return FieldError("/not_obtainable", "contradicted", f"{sign} has a value.")
    if value is not None and not shown.low <= value <= shown.high:
        return FieldError(f"/{sign}", "implausible", f"{sign} must be from {shown.low} to {shown.high}.")
    return None


def unusual(
    vitals: Vitals, *, earlier: Sequence[tuple[datetime, Vitals]], plausible: Mapping[str, Sequence[float]]
) -> list[Unusual]:
    """The signs that deserve a second look; `earlier` are the readings before this one, oldest first."""
    found: list[Unusual] = []
    for sign in SIGNS:
        now = vitals.get(sign)
        if now is None:
            continue
        last = next((row[sign] for _, row in reversed(earlier) if row[sign] is not None), None)
        low, high = plausible.get(sign, (TABLE[sign].low, TABLE[sign].high))
        if not low <= now <= high or (last is not None and abs(now - last) >= TABLE[sign].far):
            found.append({"sign": sign, "last": last, "now": now})
    return found
