"""Pure rules of monitoring: bands, plausibility, which check a reading closes, when a check is late.

The bands are data of the protocol (shape of programs/policy.py). Before the dose a sign is go, review, hold or
emergency; after it go, amber or red. The most severe band is tried first, so no band can hide behind a milder one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.rules import CLINICIANS, NURSES
from sessions.monitoring.models import Alarm, Check

C, A = Check.State, Alarm.State
OPEN_CHECKS = frozenset({C.DUE, C.LATE, C.MISSED})  # without a reading
CHECK_MOVES = {"not_taken": Move.of(set(OPEN_CHECKS), C.NOT_TAKEN, NURSES)}
ALARM_MOVES = {"acknowledge": Move.of({A.OPEN}, A.ACKNOWLEDGED, CLINICIANS)}

SIGNS = ("systolic", "diastolic", "heart_rate", "spo2", "respiratory_rate", "sedation")
SEVERITY = ("go", "review", "amber", "hold", "emergency", "red")
Vitals = Mapping[str, Any]
Bands = Mapping[str, Any]


def plausibility_errors(vitals: Vitals, plausible: Mapping[str, Sequence[float]]) -> list[FieldError]:
    """Values that no living person has, by field; the limits are the protocol's."""
    errors = []
    for sign in SIGNS:
        value = vitals.get(sign)
        low, high = plausible[sign]
        if value is not None and not low <= value <= high:
            errors.append(FieldError(f"/{sign}", "implausible", f"{sign} must be from {low} to {high}."))
    if not errors and vitals["diastolic"] >= vitals["systolic"]:
        errors.append(FieldError("/diastolic", "reversed", "diastolic must be below systolic."))
    return errors


def _pressure_pre(value: int, index: int, bp: Bands) -> str:
    if value > bp["red_single"][index]:
        return "emergency"
    if value > bp["hold"][index]:
        return "hold"
    return "review" if value > bp["go"][index] else "go"


def _range_pre(value: int, band: Bands, *, emergency: tuple[float, float]) -> str:
    if not emergency[0] <= value <= emergency[1]:
        return "emergency"
    if not band["hold"][0] <= value <= band["hold"][1]:
        return "hold"
    return "go" if band["go"][0] <= value <= band["go"][1] else "review"


def _spo2_pre(value: int, band: Bands) -> str:
    if value < band["emergency"]:
        return "emergency"
    if value < band["hold"]:
        return "hold"
    return "go" if value >= band["go"] else "review"


def pre_dose_bands(vitals: Vitals, bands: Bands) -> dict[str, str]:
    """go / review / hold / emergency for each sign that was taken (policy table 3.1)."""
    found = {
        "systolic": _pressure_pre(vitals["systolic"], 0, bands["bp"]),
        "diastolic": _pressure_pre(vitals["diastolic"], 1, bands["bp"]),
        "heart_rate": _range_pre(vitals["heart_rate"], bands["hr"], emergency=(0, 999)),
    }
    if vitals.get("spo2") is not None:
        found["spo2"] = _spo2_pre(vitals["spo2"], bands["spo2"])
    if vitals.get("respiratory_rate") is not None:
        rr = bands["rr"]
        found["respiratory_rate"] = _range_pre(vitals["respiratory_rate"], rr, emergency=tuple(rr["red"]))
    if vitals.get("sedation") is not None:
        found["sedation"] = "go" if vitals["sedation"] >= bands["sedation"]["go"] else "hold"
    return found


def _pressure_in(value: int, index: int, bp: Bands, *, repeated: bool) -> str:
    if value > bp["red_single"][index] or (value > bp["red"][index] and repeated):
        return "red"
    return "amber" if value > bp["hold"][index] else "go"


def _heart_in(value: int, hr: Bands, *, repeated: bool) -> str:
    if value < hr["red_low"] or (value > hr["red_high"] and repeated):
        return "red"
    return "amber" if value > hr["hold"][1] or value < hr["hold"][0] else "go"


def _low_is_bad(value: int, *, red: float, amber: float) -> str:
    if value < red:
        return "red"
    return "amber" if value < amber else "go"


def in_session_bands(vitals: Vitals, bands: Bands, *, before: Vitals | None) -> dict[str, str]:
    """go / amber / red for each sign (policy table 3.2).

    `before` is the last reading at least `recheck_min` minutes earlier: a pressure or heart rate past its red limit
    is red when that one was too ("two readings 5 min apart"); past `red_single` it is red at once.
    """
    bp, hr = bands["bp"], bands["hr"]
    high_before = before is not None and (
        before["systolic"] > bp["red"][0] or before["diastolic"] > bp["red"][1]
    )
    fast_before = before is not None and before["heart_rate"] > hr["red_high"]
    found = {
        "systolic": _pressure_in(vitals["systolic"], 0, bp, repeated=high_before),
        "diastolic": _pressure_in(vitals["diastolic"], 1, bp, repeated=high_before),
        "heart_rate": _heart_in(vitals["heart_rate"], hr, repeated=fast_before),
    }
    if vitals.get("spo2") is not None:
        found["spo2"] = _low_is_bad(vitals["spo2"], red=bands["spo2"]["red"], amber=bands["spo2"]["hold"])
    if vitals.get("respiratory_rate") is not None:
        rr = bands["rr"]
        low = _low_is_bad(vitals["respiratory_rate"], red=rr["red"][0], amber=rr["hold"][0])
        found["respiratory_rate"] = "red" if vitals["respiratory_rate"] > rr["red"][1] else low
    if vitals.get("sedation") is not None:
        sedation = bands["sedation"]
        found["sedation"] = _low_is_bad(
            vitals["sedation"], red=sedation["red"] + 1, amber=sedation["amber"] + 1
        )
    return found


def worst(bands: Mapping[str, str]) -> str:
    """The most severe band of a reading."""
    return max(bands.values(), key=SEVERITY.index, default="go")


def planned(*, dosed_at: datetime, checks_min: Sequence[int]) -> list[tuple[int, datetime]]:
    """(minute, moment) of every check that a dose asks for, in elapsed minutes."""
    return [(minute, dosed_at + timedelta(minutes=minute)) for minute in checks_min]


def closed_by(measured_at: datetime, checks: Sequence[Check], *, tolerance_min: int) -> Check | None:
    """The check that a reading answers: the nearest that is not further ahead than the tolerance, while it is open.

    A second reading beside one that is done answers none: it never fills in a check that was missed long before.
    """
    ahead = timedelta(minutes=tolerance_min)
    near = [check for check in checks if check.planned_at - ahead <= measured_at]
    nearest = min(near, key=lambda check: abs(check.planned_at - measured_at), default=None)
    is_open = nearest is not None and nearest.reading_id is None and nearest.state in OPEN_CHECKS
    return nearest if is_open else None


def state_when_read(check: Check, measured_at: datetime, *, tolerance_min: int) -> str:
    """Done within the tolerance after the planned time, else late."""
    return C.DONE if measured_at <= check.planned_at + timedelta(minutes=tolerance_min) else C.LATE


def state_unread(planned_at: datetime, *, at: datetime, tolerance_min: int, missed_min: int) -> str:
    """Due, late past the tolerance, missed past the longer limit; by the server's clock."""
    if at > planned_at + timedelta(minutes=missed_min):
        return C.MISSED
    return C.LATE if at > planned_at + timedelta(minutes=tolerance_min) else C.DUE


def home_ready(*, vitals: Vitals, bands: Mapping[str, str], baseline: Vitals | None, percent: int) -> bool:
    """Is every sign in band, or a pressure or heart rate within `percent` of the pre-dose one (policy 3.6)?

    Sedation is a criterion of its own. Nothing excuses low oxygen or slow breathing.
    """

    def near(sign: str) -> bool:
        if baseline is None or sign not in {"systolic", "diastolic", "heart_rate"}:
            return False
        return bool(abs(vitals[sign] - baseline[sign]) * 100 <= percent * baseline[sign])

    return all(band == "go" or near(sign) for sign, band in bands.items() if sign != "sedation")
