"""Whether a client gets better: totals of one instrument on the axis of the doses, and when the next ones are due.

Plain data in, plain data out: no query, no clock. Days are the calendar's, in the clinic's own zone: a total of the
morning after a dose is of day 1. Cuts are the protocol's (`limits["outcomes"]`, `limits["phq9_worsening"]`).
Source: PHQ-9 response, remission and change after Lowe 2004; other instruments as `programs/policy.py` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from programs.policy import limit

State = Literal["due", "late", "done", "skipped"]


@dataclass(frozen=True)
class Cuts:
    """What counts since before the first dose, in points of the total; None where the protocol names none.

    `response_percent`: so far below the baseline; `remission_below`: a total under it; `change`, `worsening`: points.
    """

    response_percent: float | None = None
    remission_below: float | None = None
    change: float | None = None
    worsening: float | None = None


@dataclass(frozen=True)
class Total:
    """A filling-in that has a total and was not voided."""

    measure: UUID
    taken_at: datetime
    total: int
    band: str | None = None


@dataclass(frozen=True)
class Dose:
    """A dosing session by its number: when its first dose was given, or when it is to begin."""

    number: int
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """One total against the baseline. Null is not known: there is no baseline, no later total, or no cut for it.

    `change` is in points, below 0 when the total fell; `meaningful`: it moved by the protocol's points, either way.
    """

    response: bool | None = None
    remission: bool | None = None
    worsening: bool | None = None
    change: int | None = None
    meaningful: bool | None = None


@dataclass(frozen=True)
class Point:
    """A total on the axis of the doses: after which dose, and how many days; None before the first one."""

    measure: UUID
    taken_at: datetime
    total: int
    band: str | None
    dose_number: int | None
    days_since_dose: int | None


@dataclass(frozen=True)
class Outcome:
    """`baseline`: the last total before the first dose. `verdict` is of the last total after it."""

    baseline: Total | None
    points: tuple[Point, ...]
    verdict: Verdict


def cuts_of(instrument: str, limits: Mapping[str, Any]) -> Cuts:
    """The protocol's cuts for an instrument; a PHQ-9 worsens by `phq9_worsening`, any other by its `change`."""
    named = limit(limits, "outcomes").get(instrument, {})
    worse = limit(limits, "phq9_worsening") if instrument == "phq9" else named.get("change")
    return Cuts(named.get("response_percent"), named.get("remission_below"), named.get("change"), worse)


def judge(total: int | None, *, baseline: int | None, cuts: Cuts) -> Verdict:
    """What a later total says; nothing without a baseline. A baseline of 0 has nothing that could be halved."""
    if total is None or baseline is None:
        return Verdict()
    change = total - baseline
    fallen = None
    if cuts.response_percent is not None and baseline > 0:
        fallen = -change * 100 >= cuts.response_percent * baseline
    return Verdict(
        response=fallen,
        remission=None if cuts.remission_below is None else total < cuts.remission_below,
        worsening=None if cuts.worsening is None else change >= cuts.worsening,
        change=change,
        meaningful=None if cuts.change is None else abs(change) >= cuts.change,
    )


def outcomes_of(totals: Sequence[Total], doses: Sequence[Dose], *, cuts: Cuts, zone: ZoneInfo) -> Outcome:
    """Totals of one instrument, in order of time, against the doses that were given.

    Before any dose the last total is the baseline so far. What was taken at the moment of a dose counts as after it.
    """
    given = sorted(doses, key=lambda dose: dose.at)
    before = [row for row in totals if not given or row.taken_at < given[0].at]
    after = totals[len(before) :]
    baseline = before[-1] if before else None
    last = after[-1].total if after else None
    return Outcome(
        baseline=baseline,
        points=tuple(_on_axis(row, given, zone) for row in totals),
        verdict=judge(last, baseline=baseline.total if baseline else None, cuts=cuts),
    )


def _on_axis(row: Total, given: Sequence[Dose], zone: ZoneInfo) -> Point:
    last = next((dose for dose in reversed(given) if dose.at <= row.taken_at), None)
    days = None if last is None else (_day(row.taken_at, zone) - _day(last.at, zone)).days
    return Point(row.measure, row.taken_at, row.total, row.band, last.number if last else None, days)


def _day(moment: datetime, zone: ZoneInfo) -> Any:
    return moment.astimezone(zone).date()


# --- what is due ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A row of the protocol's `measures`: an instrument, and its days from a dose (below 0: before it)."""

    instrument: str
    offsets_days: tuple[int, ...]


@dataclass(frozen=True)
class Taken:
    """A complete filling-in that was not voided."""

    measure: UUID
    instrument: str
    taken_at: datetime


@dataclass(frozen=True)
class Due:
    """`due` until the end of its day, `late` until its time is over, then `skipped`; `done` by `measure`."""

    instrument: str
    dose_number: int
    due_at: datetime
    state: State
    measure: UUID | None


@dataclass(frozen=True)
class _Slot:
    """When a measure answers what is due: from `start` to before `end`."""

    due_at: datetime
    start: datetime
    end: datetime


def measures_due(
    wanted: Sequence[Wanted],
    doses: Sequence[Dose],
    taken: Sequence[Taken],
    *,
    zone: ZoneInfo,
    keep: timedelta,
    over: bool,
    at: datetime,
) -> list[Due]:
    """What the protocol asks for around each dose, given or booked, in order of time.

    Of two days that are asked for a measure answers the nearer one; what lies before a dose ends with it, what lies
    after it begins with it and ends with the next dose. The outermost ones are kept open for `keep`. One measure may
    answer two doses: the week after one and the day before the next. `over`: nobody asks for anything more.
    """
    ordered = sorted(doses, key=lambda dose: dose.at)
    found = []
    for place, dose in enumerate(ordered):
        earliest = ordered[place - 1].at if place else None
        latest = ordered[place + 1].at if place + 1 < len(ordered) else None
        for row in wanted:
            mine = [one for one in taken if one.instrument == row.instrument]
            for slot in _slots(dose.at, row.offsets_days, zone=zone, keep=keep):
                start = slot.start if earliest is None else max(slot.start, earliest)
                end = slot.end if latest is None else min(slot.end, latest)
                bounded = _Slot(slot.due_at, start, end)
                state, measure = _state(bounded, mine, zone=zone, over=over, at=at)
                found.append(Due(row.instrument, dose.number, slot.due_at, state, measure))
    return sorted(found, key=lambda one: (one.due_at, one.dose_number, one.instrument))


def _slots(dosed_at: datetime, offsets: Sequence[int], *, zone: ZoneInfo, keep: timedelta) -> Iterator[_Slot]:
    """The days before and after a dose, at its own time of day, each with the time that is nearest to it."""
    for before in (True, False):
        dues = [_days_from(dosed_at, offset, zone) for offset in sorted(offsets) if (offset < 0) is before]
        between = [first + (second - first) / 2 for first, second in pairwise(dues)]
        starts = [dues[0] - keep if before else dosed_at, *between] if dues else []
        ends = [*between, dosed_at if before else dues[-1] + keep] if dues else []
        for due_at, start, end in zip(dues, starts, ends, strict=True):
            yield _Slot(due_at, start, end)


def _days_from(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same time of day so many days later, by the clinic's own clock."""
    local = moment.astimezone(zone)
    return (local + timedelta(days=days)).astimezone(moment.tzinfo)


def _state(
    slot: _Slot, mine: Sequence[Taken], *, zone: ZoneInfo, over: bool, at: datetime
) -> tuple[State, UUID | None]:
    within = [one for one in mine if slot.start <= one.taken_at < slot.end]
    nearest = min(within, key=lambda one: abs(one.taken_at - slot.due_at), default=None)
    if nearest is not None:
        return "done", nearest.measure
    if over or slot.start >= slot.end or at >= slot.end:
        return "skipped", None
    return ("late" if _day(at, zone) > _day(slot.due_at, zone) else "due"), None
