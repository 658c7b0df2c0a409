"""Pure rules of monitoring: signs and their bands, which check a reading closes, when a check is late.

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
from programs.policy import band, limit
from sessions.monitoring.models import Alarm, Check, Reading

C, A = Check.State, Alarm.State
OPEN_CHECKS = frozenset({C.DUE, C.LATE, C.MISSED})  # without a reading
# Why a check is asked for no more without anybody having skipped it.
DISCHARGED, DOSE_VOIDED, AFTER_END = "discharged", "dose voided", "the infusion has ended"
READING_VOIDED = "reading voided"
ENDED = frozenset({DISCHARGED, DOSE_VOIDED, AFTER_END, READING_VOIDED})
CHECK_MOVES = {"not_taken": Move.of(set(OPEN_CHECKS), C.NOT_TAKEN, NURSES)}
OVERDUE: Mapping[str, Alarm.Cause] = {C.LATE: Alarm.Cause.LATE, C.MISSED: Alarm.Cause.MISSED}
CLIMBS = (
    2  # times that an alarm is carried up: to the worklist of those who act, then to who answers for them
)
ALARM_MOVES = {"acknowledge": Move.of({A.OPEN}, A.ACKNOWLEDGED, CLINICIANS)}

SIGNS = ("systolic", "diastolic", "heart_rate", "spo2", "respiratory_rate", "sedation", "etco2")
PRESSURE = ("systolic", "diastolic")
NEEDED = (*PRESSURE, "heart_rate")  # every reading holds them, or says that they were not obtainable
SEVERITY = ("go", "review", "amber", "hold", "emergency", "red")
Vitals = Mapping[str, Any]
Bands = Mapping[str, Any]


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
    """go / review / hold / emergency for each sign that was taken (clinical policy 3.1)."""
    found = {}
    for index, sign in enumerate(PRESSURE):
        if vitals.get(sign) is not None:
            found[sign] = _pressure_pre(vitals[sign], index, bands["bp"])
    if vitals.get("heart_rate") is not None:
        found["heart_rate"] = _range_pre(vitals["heart_rate"], bands["hr"], emergency=(0, 999))
    if vitals.get("spo2") is not None:
        found["spo2"] = _spo2_pre(vitals["spo2"], bands["spo2"])
    if vitals.get("respiratory_rate") is not None:
        rr = bands["rr"]
        found["respiratory_rate"] = _range_pre(vitals["respiratory_rate"], rr, emergency=tuple(rr["red"]))
    if vitals.get("sedation") is not None:
        found["sedation"] = "go" if vitals["sedation"] >= bands["sedation"]["go"] else "hold"
    if vitals.get("etco2") is not None:
        found["etco2"] = _etco2(vitals["etco2"], band(bands, "etco2"), milder="review", worst="emergency")
    return found | dict.fromkeys(_extreme(vitals, bands), "emergency")


def _extreme(vitals: Vitals, bands: Bands) -> list[str]:
    """The signs of which one such value is enough, whatever was before."""
    edges = band(bands, "extreme")
    return [
        sign
        for sign, (low, high) in edges.items()
        if vitals.get(sign) is not None and not low <= vitals[sign] <= high
    ]


def _etco2(value: int, limits: Bands, *, milder: str, worst: str) -> str:
    """Carbon dioxide at the end of a breath: too little is as bad as too much."""
    if not limits["red"][0] <= value <= limits["red"][1]:
        return worst
    return "go" if limits["go"][0] <= value <= limits["go"][1] else milder


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


Earlier = Sequence[tuple[datetime, Vitals]]  # readings before this one, oldest first


def phase_at(measured_at: datetime, *, dosed_at: datetime | None) -> str:
    """Before or after the first dose, as the record knows it now: a dose may be written down after its readings."""
    after = dosed_at is not None and measured_at > dosed_at
    return Reading.Phase.IN_SESSION if after else Reading.Phase.PRE_DOSE


def repeat_of(
    measured_at: datetime, earlier: Earlier, *, recheck_min: float
) -> tuple[Vitals | None, list[Vitals]]:
    """(what stood at least `recheck_min` minutes before, the heart rates taken since then).

    Pressure and heart rate are each of the last reading that holds them: one in which they were not obtainable
    repeats nothing, and makes nothing milder.
    """
    latest = measured_at - timedelta(minutes=recheck_min)
    before = [vitals for taken_at, vitals in earlier if taken_at <= latest]
    between = [vitals for taken_at, vitals in earlier if latest < taken_at < measured_at]
    pressure = _last_with(PRESSURE, before)
    heart = _last_with(("heart_rate",), before)
    stood = {sign: pressure[sign] for sign in PRESSURE if pressure} | (
        {"heart_rate": heart["heart_rate"]} if heart else {}
    )
    return stood or None, [row for row in between if row.get("heart_rate") is not None]


def _last_with(signs: Sequence[str], rows: Sequence[Vitals]) -> Vitals | None:
    return next((row for row in reversed(rows) if any(row.get(sign) is not None for sign in signs)), None)


def _above(vitals: Vitals, sign: str, limit: float) -> bool:
    return vitals.get(sign) is not None and vitals[sign] > limit


def in_session_bands(
    vitals: Vitals, bands: Bands, *, before: Vitals | None, between: Sequence[Vitals] = ()
) -> dict[str, str]:
    """go / amber / red for each sign (clinical policy 3.2).

    `before` and `between` are as `repeat_of` finds them. A pressure past its red limit is red when `before` was too
    ("two readings 5 min apart"); past `red_single` it is red at once. A fast heart is red when it was so at `before`
    and at every reading since ("sustained 5 min"). Pressure or heart rate that could not be had is amber: it is
    measured again in 5 minutes, and nobody goes home on it.
    """
    bp, hr = bands["bp"], bands["hr"]
    stood = before or {}
    high_before = any(_above(stood, sign, bp["red"][index]) for index, sign in enumerate(PRESSURE))
    fast_before = all(_above(row, "heart_rate", hr["red_high"]) for row in (stood, *between))
    found = dict.fromkeys(NEEDED, "amber")
    for index, sign in enumerate(PRESSURE):
        if vitals.get(sign) is not None:
            found[sign] = _pressure_in(vitals[sign], index, bp, repeated=high_before)
    if vitals.get("heart_rate") is not None:
        found["heart_rate"] = _heart_in(vitals["heart_rate"], hr, repeated=fast_before)
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
    if vitals.get("etco2") is not None:
        found["etco2"] = _etco2(vitals["etco2"], band(bands, "etco2"), milder="amber", worst="red")
    return found | dict.fromkeys(_extreme(vitals, bands), "red")


def bands_at(
    measured_at: datetime, vitals: Vitals, bands: Bands, *, others: Earlier, dosed_at: datetime | None
) -> dict[str, str]:
    """The bands of a reading before or after the first dose, judged beside the other standing readings `others`."""
    if dosed_at is None or phase_at(measured_at, dosed_at=dosed_at) == Reading.Phase.PRE_DOSE:
        return pre_dose_bands(vitals, bands)
    earlier = sorted((row for row in others if dosed_at < row[0] < measured_at), key=lambda row: row[0])
    before, between = repeat_of(measured_at, earlier, recheck_min=bands["bp"]["recheck_min"])
    return in_session_bands(vitals, bands, before=before, between=between)


def worst(bands: Mapping[str, str]) -> str:
    """The most severe band of a reading."""
    return max(bands.values(), key=SEVERITY.index, default="go")


def is_complete(vitals: Vitals) -> bool:
    """Does it hold pressure and heart rate?"""
    return all(vitals.get(sign) is not None for sign in NEEDED)


def latest_bands(readings: Sequence[tuple[Vitals, Mapping[str, str]]]) -> dict[str, str]:
    """The bands of the last reading (oldest first); a sign that it does not hold is as it was when it was last had."""
    if not readings:
        return {}
    last, found = readings[-1][0], dict(readings[-1][1])
    for sign in SIGNS:
        had = [bands[sign] for vitals, bands in readings if vitals.get(sign) is not None and sign in bands]
        if had and last.get(sign) is None:
            found[sign] = max(had[-1], found.get(sign, "go"), key=SEVERITY.index)
    return found


def climbs_at(created_at: datetime, escalation: int, limits: Mapping[str, Any]) -> datetime:
    """When an open alarm that was carried up `escalation` times is carried up again."""
    return created_at + timedelta(minutes=limit(limits, "alarm_minutes")) * (escalation + 1)


def overdue_before(*, at: datetime, tolerance_min: float, missed_min: float) -> tuple[datetime, datetime]:
    """(late, missed): at `at`, a check without a reading is late or missed when it was planned before that moment.

    Reading tolerance and the limit for a missed check are clinical policy 3.3 (+5 and +10 minutes by default).
    """
    return at - timedelta(minutes=tolerance_min), at - timedelta(minutes=missed_min)


def ask(check: Check) -> None:
    """Ask for a check again that was ended; one that somebody skipped stays skipped."""
    if check.ended_at is not None and check.state == C.NOT_TAKEN and check.reason in ENDED:
        check.state, check.reason = C.DUE, ""
    check.ended_at = None


def gone_errors(measured_at: datetime, *, left_at: datetime | None) -> list[FieldError]:
    """Nobody is measured who has gone home; what was measured before may still be written down."""
    if left_at is None or measured_at <= left_at:
        return []
    return [FieldError("/measured_at", "too_late", "The client was discharged before this time.")]


def state_unread(planned_at: datetime, *, at: datetime, tolerance_min: float, missed_min: float) -> str:
    """Due, late past the tolerance, missed past the longer limit; by the server's clock."""
    late, missed = overdue_before(at=at, tolerance_min=tolerance_min, missed_min=missed_min)
    if planned_at < missed:
        return C.MISSED
    return C.LATE if planned_at < late else C.DUE


def closed_by(measured_at: datetime, checks: Sequence[Check], *, tolerance_min: float) -> list[Check]:
    """The checks that a reading answers, while they are open.

    These are the nearest check that is no further ahead than the tolerance, and those just before it for which the
    reading is still in time: an infusion may end a minute after a planned check. When the nearest one is answered
    already, none is: a second reading never fills in a check that was missed long before. Of two equally near ones the
    open one is taken.
    """
    tolerance = timedelta(minutes=tolerance_min)
    near = [check for check in checks if check.planned_at - tolerance <= measured_at]
    if not near:
        return []
    nearest = min(near, key=lambda check: (abs(check.planned_at - measured_at), not is_open(check)))
    in_time = [
        c for c in near if c is not nearest and timedelta(0) <= measured_at - c.planned_at <= tolerance
    ]
    return [check for check in (nearest, *in_time) if is_open(check)]


def is_open(check: Check) -> bool:
    """Does a check that is asked for still wait for its reading?"""
    return check.reading_id is None and check.state in OPEN_CHECKS


def state_when_read(check: Check, measured_at: datetime, *, tolerance_min: float) -> str:
    """Done within the tolerance after the planned time, else late."""
    return C.DONE if measured_at <= check.planned_at + timedelta(minutes=tolerance_min) else C.LATE


# --- the schedule -----------------------------------------------------------------------------------------------------

Slot = tuple[int, datetime]  # minute after the first dose, moment


def schedule(
    *, dosed_at: datetime, checks_min: Sequence[int], fixed: Mapping[str, Any] | None = None
) -> list[tuple[str, int, datetime]]:
    """(kind, minute, moment) of every check that a dose asks for, in elapsed minutes: no clock change moves one.

    `fixed` is what a label lays down in place of the protocol's minutes (policy.REMS_CHECKS).
    """
    asked = [
        (Check.Kind.PLANNED, minute) for minute in (checks_min if fixed is None else fixed["checks_min"])
    ]
    if fixed is not None:
        asked.append((Check.Kind.BEFORE_LEAVING, fixed["before_leaving_min"]))
    return [(kind, minute, dosed_at + timedelta(minutes=minute)) for kind, minute in asked]


def _minute(moment: datetime, dosed_at: datetime) -> int:
    return int((moment - dosed_at).total_seconds() // 60)


def extended(
    *,
    booster_at: datetime,
    dosed_at: datetime,
    checks_min: Sequence[int],
    asked: Sequence[datetime],
    tolerance_min: float,
) -> list[Slot]:
    """The checks that a booster adds behind those in `asked`: a longer set, no second one (clinical policy 3.3 and 4).

    The minimum stay starts again from the last racemic dose, so the protocol's minutes are counted from the booster.
    Of these moments only those behind the last check in `asked` become checks: until then the first set watches both
    doses. A moment within the tolerance behind that last check is left out too, since one reading answers both.
    """
    last = max(asked, default=dosed_at)
    beyond = last + timedelta(minutes=tolerance_min)
    moments = [booster_at + timedelta(minutes=minute) for minute in checks_min]
    return [(_minute(moment, dosed_at), moment) for moment in moments if moment > beyond]


def after_end(*, dosed_at: datetime, ended_at: datetime, every_min: float, until_min: float) -> list[Slot]:
    """Checks behind an infusion: at its end, then every so many minutes until the stay ends (clinical policy 3.3)."""
    moments = [ended_at]
    while moments[-1] + timedelta(minutes=every_min) <= ended_at + timedelta(minutes=until_min):
        moments.append(moments[-1] + timedelta(minutes=every_min))
    return [(_minute(moment, dosed_at), moment) for moment in moments]


def moment_of(check: Check) -> datetime:
    return check.planned_at


def gives_way(
    check: Check, moments: Sequence[datetime], *, at: datetime, tolerance_min: float, missed_min: float
) -> bool:
    """May this check be dropped for those at `moments`? Not when answered, one of them, or overdue with none near."""
    if not is_open(check) or check.ended_at is not None or check.planned_at in moments:
        return False
    state = state_unread(check.planned_at, at=at, tolerance_min=tolerance_min, missed_min=missed_min)
    near = any(abs(moment - check.planned_at) <= timedelta(minutes=tolerance_min) for moment in moments)
    return near or state == C.DUE


def waits_for(check: Check, measured_at: datetime) -> bool:
    """Is this an open recheck, asked for by a reading before `measured_at`? The next reading answers it."""
    asked_by = check.after_reading
    return asked_by is not None and is_open(check) and asked_by.measured_at < measured_at


def asks_again(phase: str, bands: Mapping[str, str]) -> bool:
    """Is this a reading that must be repeated: amber or red after the dose (clinical policy 3.2: "repeat in 5 min")?"""
    return phase == Reading.Phase.IN_SESSION and worst(bands) in {"amber", "red"}


def recheck_at(measured_at: datetime, *, at: datetime, recheck_min: float) -> datetime:
    """When the repeat is due: so long after the reading, but not before it was written down."""
    return max(measured_at + timedelta(minutes=recheck_min), at)


# --- going home -------------------------------------------------------------------------------------------------------


def home_ready(*, vitals: Vitals, bands: Mapping[str, str], baseline: Vitals | None, percent: int) -> bool:
    """Is every sign in band, or a pressure or heart rate within `percent` of the pre-dose one (clinical policy 3.6)?

    Sedation is a criterion of its own. Nothing excuses low oxygen or slow breathing.
    """

    def near(sign: str) -> bool:
        if baseline is None or sign not in NEEDED or vitals[sign] is None or baseline[sign] is None:
            return False
        return bool(abs(vitals[sign] - baseline[sign]) * 100 <= percent * baseline[sign])

    return all(band == "go" or near(sign) for sign, band in bands.items() if sign != "sedation")
