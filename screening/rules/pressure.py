"""Measured blood pressure at screening: all that a device can show, against the bands of the protocol. mmHg, beats
per minute.

Reading of the screening rules: "uncontrolled hypertension" as an *answer* is a diagnosis and absolute. A *measurement*
beyond the protocol's hold band is evidence for it that a prescriber must weigh, since one high reading is not the
diagnosis: a relative finding of the same code. The most severe reading of the last `limits["screening_bp_days"]`
decides, on either component, whatever a later reading says. No reading in that time is `unknown`, never "normal", and
so is one alone: two are wanted. Beyond hold on two local days it is a `trend`, which is still no diagnosis: relative.
A pressure or a pulse so low, or a pulse so fast, that the protocol calls it `extreme` is relative too.
Bands: clinic policy after the esketamine label's 140/90 point for weighing risk; hold 160/100 by default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from kapclinic.core.moments import utc_text
from programs.policy import band, limit
from screening.models import Finding
from screening.rules.findings import Found, as_policy_has_it
from screening.rules.measurable import TABLE

CLOCK_SKEW = timedelta(seconds=60)  # how far ahead of ours the clock of a desk may run
SOURCE = "measured at screening; bands of the protocol"
TREND = "trend"
S = Finding.Severity


class BloodPressure(TypedDict):
    systolic: int
    diastolic: int
    heart_rate: NotRequired[int | None]
    measured_at: datetime


def pressure_errors(readings: Sequence[BloodPressure], *, at: datetime) -> list[FieldError]:
    """What no device shows, by index and field."""
    errors = []
    for index, reading in enumerate(readings):
        where = f"/blood_pressures/{index}"
        for name, value in (
            ("systolic", reading["systolic"]),
            ("diastolic", reading["diastolic"]),
            ("heart_rate", reading.get("heart_rate")),
        ):
            shown = TABLE[name]
            if value is not None and not shown.low <= value <= shown.high:
                detail = f"{name} must be from {shown.low} to {shown.high}."
                errors.append(FieldError(f"{where}/{name}", "implausible", detail))
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
    zone: ZoneInfo,
    at: datetime,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> list[Found]:
    """What the stored readings say under the protocol's `bands["bp"]` and `limits`.

    `earlier` are those of the person's other screenings: they only tell whether one beyond hold is a trend, by the days
    of the clinic's `zone`.
    """
    oldest = at - timedelta(days=limit(limits, "screening_bp_days"))
    recent, before = (
        [row for row in rows if datetime.fromisoformat(row["measured_at"]) >= oldest]
        for rows in (readings, earlier)
    )
    if not recent:
        return [Found("CV_BP_MISSING", S.UNKNOWN, "No recent blood pressure was measured.", SOURCE)]
    days = _days_beyond_hold([*recent, *before], bands=bands, zone=zone)
    return [
        *_single(recent),
        *_high(recent, bands=bands, limits=limits, flags=(TREND,) if len(days) > 1 else ()),
        *_extreme(recent, bands=bands),
    ]


def _single(recent: Sequence[Mapping[str, Any]]) -> list[Found]:
    """Two pressures are wanted, at two moments: one alone leaves it open."""
    if len({row["measured_at"] for row in recent}) > 1:
        return []
    said = f"Measured once: {_words(recent[0])}. Two are wanted."
    return [Found("CV_BP_SINGLE", S.UNKNOWN, said, SOURCE)]


def _days_beyond_hold(
    rows: Sequence[Mapping[str, Any]], *, bands: Mapping[str, Any], zone: ZoneInfo
) -> set[date]:
    return {
        datetime.fromisoformat(row["measured_at"]).astimezone(zone).date()
        for row in rows
        if band_of(row, bands["bp"]) == "hold"
    }


def _high(
    recent: Sequence[Mapping[str, Any]],
    *,
    bands: Mapping[str, Any],
    limits: Mapping[str, Any],
    flags: tuple[str, ...],
) -> list[Found]:
    by_band = {
        name: [row for row in recent if band_of(row, bands["bp"]) == name] for name in ("hold", "review")
    }
    if by_band["hold"]:
        evidence = "Measured " + "; ".join(_words(row) for row in recent) + "."
        return [Found("CV_UNCONTROLLED_HTN", S.RELATIVE, evidence, SOURCE, flags=flags)]
    if by_band["review"]:
        evidence = "Measured " + "; ".join(_words(row) for row in by_band["review"]) + "."
        return [Found("CV_BP_ELEVATED", as_policy_has_it("CV_BP_ELEVATED", S.INFO, limits), evidence, SOURCE)]
    return []


def _extreme(recent: Sequence[Mapping[str, Any]], *, bands: Mapping[str, Any]) -> list[Found]:
    """A pressure that is too low, a pulse that is too slow or too fast, by the protocol's `bands["extreme"]`."""
    extreme = band(bands, "extreme")
    lowest_pulse, highest_pulse = extreme["heart_rate"]
    low = [row for row in recent if any(row[sign] < extreme[sign][0] for sign in ("systolic", "diastolic"))]
    pulses = [row for row in recent if row.get("heart_rate") is not None]
    odd = [row for row in pulses if not lowest_pulse <= row["heart_rate"] <= highest_pulse]
    found = []
    if low:
        evidence = "Measured " + "; ".join(_words(row) for row in low) + "."
        found.append(Found("CV_BP_LOW", S.RELATIVE, evidence, SOURCE))
    if odd:
        said = "; ".join(f"{row['heart_rate']} per minute at {row['measured_at']}" for row in odd)
        found.append(Found("CV_HEART_RATE", S.RELATIVE, f"Measured {said}.", SOURCE))
    return found
