"""What suspends a clearance: which new medicine matters to it, and when resting pressures are a trend. Pure.

Source: clinical policy 5.4; severities and bands are those of the protocol that the clearance was given under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from programs.models import Protocol
from programs.policy import limit
from screening.models import Finding, SuspendingCode
from screening.rules.findings import Found
from screening.rules.medicine_list import medicine_list
from screening.rules.medicines import Listed, medicine_findings, read
from screening.rules.pressure import band_of

S = Finding.Severity
MATTERS = frozenset({S.RELATIVE, S.ABSOLUTE})
COMBINED = "MED_CNS_DEPRESSANTS_COMBINED"
HOLD = "hold"


def names_in(entry: Listed) -> frozenset[str]:
    """What an entry names: its ingredients, and the text itself where it was not understood in full."""
    found = read(entry.text, entry.mapped_to)
    return found.ingredients if found.is_mapped else found.ingredients | {entry.text.casefold()}


def names_in_all(entries: Sequence[Listed]) -> frozenset[str]:
    return frozenset().union(*map(names_in, entries))


def fresh_codes(entries: Sequence[Listed], *, weighed: frozenset[str]) -> dict[str, UUID | None]:
    """The codes of findings that speak of an ingredient which was not weighed, each with the entry that names it."""
    known = medicine_list().ingredients
    found: dict[str, UUID | None] = {}
    for entry in entries:
        for ingredient in names_in(entry) - weighed:
            for name in known.get(ingredient, ()):
                found.setdefault(f"MED_{name.upper()}", entry.id)
    return found


def medicine_matters(
    entry: Listed, *, beside: Sequence[Listed], weighed: frozenset[str], protocol: Protocol
) -> bool:
    """Does this medicine name something that was not weighed and is relative or worse here, or that nobody knows?

    `beside` is what else the client takes: depressants add up.
    """
    known = medicine_list()
    fresh = names_in(entry) - weighed
    if any(name not in known.ingredients for name in fresh):
        return True
    unweighed = Listed(None, "", fresh)
    found = medicine_findings([unweighed], route=protocol.route, limits=protocol.limits)
    if any(map(known.is_depressant, fresh)):
        all_found = medicine_findings([unweighed, *beside], route=protocol.route, limits=protocol.limits)
        found += [row for row in all_found if row.code == COMBINED]
    return any(row.severity in MATTERS for row in found)


class Change(TypedDict):
    """A finding that the screening did not have when it was submitted, and the medicine that brought it, if any."""

    code: str
    severity: str
    medication: str | None


def changes(
    before: Sequence[Finding], now: Sequence[Found], *, fresh: Mapping[str, UUID | None]
) -> list[Change]:
    """What the evaluation finds now and did not find `before`; `fresh` are codes that speak of a new ingredient."""
    known = {(row.code, row.severity, row.medication_id) for row in before}
    found = [
        (row, row.medication or fresh.get(row.code))
        for row in now
        if (row.code, row.severity, row.medication) not in known or row.code in fresh
    ]
    return [
        Change(code=row.code, severity=row.severity, medication=None if entry is None else str(entry))
        for row, entry in found
    ]


@dataclass(frozen=True)
class Resting:
    """One pressure at rest (mmHg): of a screening, or of a session before its dose."""

    systolic: int
    diastolic: int
    measured_at: datetime
    subject_type: str
    subject_id: UUID

    @property
    def pressure(self) -> Mapping[str, int]:
        return {"systolic": self.systolic, "diastolic": self.diastolic}


def days_beyond_hold(
    readings: Sequence[Resting], *, protocol: Protocol, zone: ZoneInfo, at: datetime
) -> dict[date, Resting]:
    """The local days whose last resting pressure is beyond hold, of the protocol's `screening_bp_days` before `at`.

    Today a session's pressure counts only as a recheck: `recheck_min` minutes after one that was out of band.
    """
    oldest = at - timedelta(days=limit(protocol.limits, "screening_bp_days"))
    bands = protocol.bands
    rest = timedelta(minutes=bands["bp"]["recheck_min"])
    recent = sorted((row for row in readings if row.measured_at >= oldest), key=lambda row: row.measured_at)
    found = {}
    for day, group in groupby(recent, key=lambda row: row.measured_at.astimezone(zone).date()):
        *before, last = group
        if band_of(last.pressure, bands["bp"]) != HOLD:
            continue
        rechecked = any(
            band_of(row.pressure, bands["bp"]) != "go" and last.measured_at - row.measured_at >= rest
            for row in before
        )
        if rechecked or last.subject_type == "screening" or day < at.astimezone(zone).date():
            found[day] = last
    return found


def in_words(reasons: Sequence[tuple[str, datetime]], *, zone: Any) -> tuple[str, ...]:
    """Each reason as the gate names it: code, words, and since when by the clinic's own clock."""
    return tuple(
        f"{code} ({SuspendingCode(code).label}, {at.astimezone(zone):%Y-%m-%d %H:%M})" for code, at in reasons
    )
