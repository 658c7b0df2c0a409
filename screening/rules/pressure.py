"""Measured blood pressure at screening: plausible, and against the bands of the protocol. mmHg, beats per minute.

Reading of the screening rules: "uncontrolled hypertension" as an *answer* is a diagnosis and absolute. A *measurement*
beyond the protocol's hold band is evidence for it that a prescriber must weigh, since one high reading is not the
diagnosis: a relative finding of the same code. The most severe reading of the last `limits["screening_bp_days"]`
decides, on either component, whatever a later reading says. No reading in that time is `unknown`, never "normal".
Bands: clinic policy after the esketamine label's 140/90 point for weighing risk; hold 160/100 by default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict

from kapclinic.core.errors import FieldError
from kapclinic.core.moments import utc_text
from programs.policy import limit
from screening.models import Finding
from screening.rules.findings import Found, as_policy_has_it

CLOCK_SKEW = timedelta(seconds=60)  # how far ahead of ours the clock of a desk may run
SOURCE = "measured at screening; bands of the protocol"
S = Finding.Severity


class BloodPressure(TypedDict):
    systolic: int
    diastolic: int
    heart_rate: NotRequired[int | None]
    measured_at: datetime


def pressure_errors(
    readings: Sequence[BloodPressure], *, limits: Mapping[str, Any], at: datetime
) -> list[FieldError]:
    """What can't be true of these readings, by index and field."""
    errors = []
    for index, reading in enumerate(readings):
        where = f"/blood_pressures/{index}"
        for name, value in (
            ("systolic", reading["systolic"]),
            ("diastolic", reading["diastolic"]),
            ("heart_rate", reading.get("heart_rate")),
        ):
            low, high = limit(limits, "plausible")[name]
            if value is not None and not low <= value <= high:
                errors.append(FieldError(f"{where}/{name}", "implausible", f"{low} to {high} is plausible."))
        if reading["diastolic"] >= reading["systolic"]:
            errors.append(FieldError(f"{where}/diastolic", "implausible", "Diastolic lies below systolic."))
        if reading["measured_at"] > at + CLOCK_SKEW:
            errors.append(FieldError(f"{where}/measured_at", "future", "This time is still to come."))
    return errors


def as_stored(readings: Sequence[BloodPressure]) -> list[dict[str, object]]:
    """Readings as JSON, times in UTC."""
    rows = []
    for reading in readings:
        row: dict[str, object] = {name: value for name, value in reading.items() if value is not None}
        row["measured_at"] = utc_text(reading["measured_at"])
        rows.append(row)
    return rows


def band_of(reading: Mapping[str, Any], bands: Mapping[str, Any]) -> str:
    """hold, review or go; the most severe band first, beyond it on either component."""
    for name, (systolic, diastolic) in (("hold", bands["hold"]), ("review", bands["go"])):
        if reading["systolic"] > systolic or reading["diastolic"] > diastolic:
            return name
    return "go"


def _words(reading: Mapping[str, Any]) -> str:
    return f"{reading['systolic']}/{reading['diastolic']} mmHg at {reading['measured_at']}"


def pressure_findings(
    readings: Sequence[Mapping[str, Any]],
    *,
    bands: Mapping[str, Any],
    limits: Mapping[str, Any],
    at: datetime,
) -> list[Found]:
    """What the stored readings say under the protocol's `bands["bp"]` and `limits`."""
    oldest = at - timedelta(days=limit(limits, "screening_bp_days"))
    recent = [row for row in readings if datetime.fromisoformat(row["measured_at"]) >= oldest]
    if not recent:
        return [Found("CV_BP_MISSING", S.UNKNOWN, "No recent blood pressure was measured.", SOURCE)]
    by_band = {
        name: [row for row in recent if band_of(row, bands["bp"]) == name] for name in ("hold", "review")
    }
    if by_band["hold"]:
        evidence = "Measured " + "; ".join(_words(row) for row in recent) + "."
        return [Found("CV_UNCONTROLLED_HTN", S.RELATIVE, evidence, SOURCE)]
    if by_band["review"]:
        evidence = "Measured " + "; ".join(_words(row) for row in by_band["review"]) + "."
        return [Found("CV_BP_ELEVATED", as_policy_has_it("CV_BP_ELEVATED", S.INFO, limits), evidence, SOURCE)]
    return []
