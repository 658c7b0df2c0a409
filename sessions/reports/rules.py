"""Pure rules of the reports: the period, and what its rows come to. A group of fewer than FEWEST rows has no figures.

Moments are compared as they are; `day` is the local day on which a row counts. Hours have two decimals, percent one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, TypeVar
from uuid import UUID

from kapclinic.core.errors import Invalid

FEWEST = 5  # of fewer rows a figure says more of a person than of the clinic; policy, no source
USUAL = timedelta(days=55)  # eight weeks, both days counted
LONGEST = timedelta(days=400)
HOUR = timedelta(hours=1)
R = TypeVar("R")
Figures = dict[str, Any]  # by name: a whole number, a percent, hours, or None


@dataclass(frozen=True)
class Asked:
    """What a report is about: local days, both inclusive, at these locations, as it is `at` that moment."""

    places: tuple[UUID, ...]
    first: date
    last: date
    at: datetime


def asked(
    *, locations: Iterable[UUID], location: UUID | None, first: date | None, last: date | None, at: datetime
) -> Asked:
    """A question about the user's own `locations`, or the one of them that is named; eight weeks to today unless said.

    :raises Invalid: for a period that ends before it begins, or of more than 400 days
    """
    until = last or max(at.date(), first or at.date())
    since = first or until - USUAL
    if until < since:
        raise Invalid.field("to", "The period ends before it begins.", code="reversed")
    if until - since > LONGEST:
        raise Invalid.field("from", f"A period has {LONGEST.days} days at most.", code="too_long")
    places = tuple(locations) if location is None else tuple(pk for pk in locations if pk == location)
    return Asked(places=places, first=since, last=until, at=at)


def hours(earlier: datetime, later: datetime) -> float:
    """From one moment to a later one; what came before its time took none."""
    return max(0.0, round((later - earlier) / HOUR, 2))


def percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(median(known)), 2) if known else None


def told(rows: Sequence[R], figures: Callable[[Sequence[R]], Figures]) -> Figures:
    """The figures of these rows, each None where there are too few of them."""
    found = figures(rows)
    return found if len(rows) >= FEWEST else dict.fromkeys(found)


def grouped(rows: Iterable[R], key: Callable[[R], Any]) -> dict[Any, list[R]]:
    """The rows by a key, in the order of the keys' text."""
    found: dict[Any, list[R]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return {name: found[name] for name in sorted(found, key=str)}


# --- integration ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Integration:
    """One dose and what became of the integration that it owed; `hours` from the dose to where that began."""

    day: date
    state: str
    hours: float | None


SETTLED = ("met", "met_late", "waived", "missed")


def week_of(day: date) -> date:
    """Its Monday."""
    return day - timedelta(days=day.weekday())


def integration_figures(rows: Sequence[Integration]) -> Figures:
    """On time is what was met inside its window, of all that is settled: met, late, waived or missed."""
    count = {state: sum(row.state == state for row in rows) for state in SETTLED}
    return {
        "on_time": count["met"],
        "late": count["met_late"],
        "waived": count["waived"],
        "missed": count["missed"],
        "open": len(rows) - sum(count.values()),
        "on_time_percent": percent(count["met"], sum(count.values())),
        "median_hours": middle(row.hours for row in rows),
    }


# --- notes and alarms: something that is due, and was done or not --------------------------------------------------


@dataclass(frozen=True)
class Due:
    """Something that somebody owed from one moment until another; `done_at` None while it is open."""

    since: datetime
    due_at: datetime
    done_at: datetime | None


def hours_of(row: Due, *, at: datetime) -> float:
    """How long it took, or has taken so far."""
    return hours(row.since, row.done_at or at)


def in_time(row: Due, *, at: datetime) -> bool | None:
    """Was it done until it was due? None while it is open and that can still be."""
    if row.done_at is not None:
        return row.done_at <= row.due_at
    return False if at > row.due_at else None


def due_figures(rows: Sequence[Due], *, at: datetime) -> Figures:
    """In time of all of which it is known; the median is of what was done, the oldest of what is open."""
    judged = [found for row in rows if (found := in_time(row, at=at)) is not None]
    waiting = [hours_of(row, at=at) for row in rows if row.done_at is None]
    return {
        "done": len(rows) - len(waiting),
        "open": len(waiting),
        "in_time": sum(judged),
        "in_time_percent": percent(sum(judged), len(judged)),
        "median_hours": middle(hours_of(row, at=at) for row in rows if row.done_at is not None),
        "oldest_open_hours": max(waiting, default=None),
    }


# --- outcomes -----------------------------------------------------------------------------------------------------

VERDICTS = ("response", "remission", "worsening", "change")


def outcome_figures(rows: Sequence[Mapping[str, Any]]) -> Figures:
    """How many clients of these rows got better, of those whose baseline is known: `measured`.

    `unchanged` are those who neither responded, nor are in remission, nor are worse. What a protocol has no cut for is
    known of nobody. Fewer than FEWEST measured ones have no figures.
    """
    known = [row for row in rows if row["baseline"] is not None]
    return {"clients": len(rows), "measured": len(known)} | told(known, _verdicts)


def _verdicts(known: Sequence[Mapping[str, Any]]) -> Figures:
    found: Figures = {}
    for name in ("response", "remission", "worsening"):
        judged = [row[name] for row in known if row[name] is not None]
        found[name] = sum(judged)
        found[f"{name}_percent"] = percent(sum(judged), len(judged))
    found["unchanged"] = sum(not (row["response"] or row["remission"] or row["worsening"]) for row in known)
    return found | {"median_change": middle(row["change"] for row in known)}
