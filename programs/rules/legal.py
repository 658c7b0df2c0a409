"""Law with a date: what a rule does to the clinic, where, from when to when, and who looked at it last. Pure.

The rules that ship stand in `programs/data/legal_rules.csv`; a director adds the clinic's own. Where no rule that is
in force allows to prescribe at a distance, or one is in force whose effect nobody knows, a visit in person is
required: what runs out or can't be read never becomes permission (clinical policy 8.15).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

FILE = Path(__file__).resolve().parent.parent / "data" / "legal_rules.csv"
HEADER = ("code", "jurisdiction", "effect", "from", "to", "source", "checked_on")
COUNTRY = "US"
JURISDICTION = re.compile(r"US(-[A-Z]{2})?")
WARN_DAYS = 60  # before a rule ends
CHECK_DAYS = 90  # somebody looks at each rule again
_SHIPPED_IDS = UUID("6f1d7a52-63c0-5b52-9c8f-5d8a7b1f0c11")  # the namespace of the ids of shipped rules


class Effect(StrEnum):
    """What a rule does. Any other word is a rule that nobody here knows: it counts as `in_person_visit_required`."""

    ALLOWED = "remote_prescribing_allowed"  # by video, without an earlier visit in person
    REQUIRED = "in_person_visit_required"
    WATCH = "watch"  # no gate follows from it; its dates are kept in view


@dataclass(frozen=True)
class Rule:
    """One rule. Both dates are whole local days of the clinic, `ends` is the last one; None is open."""

    id: UUID
    code: str
    jurisdiction: str
    effect: str
    starts: date | None
    ends: date | None
    source: str
    checked_on: date
    shipped: bool = False

    @property
    def is_known(self) -> bool:
        return self.effect in set(Effect)

    @property
    def requires_visit(self) -> bool:
        return self.effect == Effect.REQUIRED or not self.is_known

    def in_force(self, day: date) -> bool:
        return (self.starts is None or self.starts <= day) and (self.ends is None or day <= self.ends)

    def over(self, day: date) -> bool:
        return self.ends is not None and self.ends < day


@dataclass(frozen=True)
class Verdict:
    """Is a visit in person required before a dose at home or an order by video, and why?"""

    required: bool
    words: str


def jurisdictions(*states: str | None) -> frozenset[str]:
    """The country, and each state that is named: the clinic's, and the one in which the client is."""
    return frozenset({COUNTRY, *(f"{COUNTRY}-{state}" for state in states if state)})


def verdict(rules: Iterable[Rule], *, where: frozenset[str], day: date) -> Verdict:
    """What the rules in force on `day` say; the strictest one counts, and silence allows nothing."""
    found = [rule for rule in rules if rule.jurisdiction in where and rule.in_force(day)]
    for rule in found:
        if rule.requires_visit:
            unknown = "" if rule.is_known else f", whose effect ({rule.effect}) is not known here"
            return Verdict(
                required=True, words=f"The rule {rule.code} of {rule.jurisdiction} asks for it{unknown}."
            )
    for rule in found:
        if rule.effect == Effect.ALLOWED and rule.jurisdiction == COUNTRY:
            until = f" until {rule.ends}" if rule.ends else ""
            return Verdict(required=False, words=f"Not required{until}: {rule.code}.")
    return Verdict(required=True, words=f"No rule allows to go without it on {day}.")


def first_day_required(rules: Sequence[Rule], *, where: frozenset[str], day: date) -> date | None:
    """The first of the days from `day` to WARN_DAYS later on which a visit in person is required."""
    ahead = (day + timedelta(days=n) for n in range(WARN_DAYS + 1))
    return next((one for one in ahead if verdict(rules, where=where, day=one).required), None)


def nearly_over(rules: Sequence[Rule], *, day: date) -> list[Rule]:
    """Rules that end within WARN_DAYS, and that no rule of the same effect and place follows."""
    last = day + timedelta(days=WARN_DAYS)
    ending = [rule for rule in rules if rule.ends is not None and day <= rule.ends <= last]
    return [rule for rule in ending if not any(_follows(other, rule) for other in rules)]


def _follows(other: Rule, rule: Rule) -> bool:
    same = (other.jurisdiction, other.effect) == (rule.jurisdiction, rule.effect)
    return same and rule.ends is not None and other.in_force(rule.ends + timedelta(days=1))


def unchecked(rules: Sequence[Rule], *, day: date) -> list[Rule]:
    """Rules that nobody looked at for more than CHECK_DAYS; of each code and place the latest look counts."""
    last: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        key = (rule.code, rule.jurisdiction)
        if key not in last or last[key].checked_on <= rule.checked_on:
            last[key] = rule
    oldest = day - timedelta(days=CHECK_DAYS)
    return [rule for rule in last.values() if rule.checked_on < oldest and not rule.over(day)]


# --- the file that ships --------------------------------------------------------------------------------------------


def read(text: str) -> tuple[list[Rule], list[str]]:
    """The rules of a file in this form, and what is wrong with it, line by line."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(rows[0]) != HEADER:
        return [], [f"line 1: {','.join(HEADER)} is expected"]
    rules: list[Rule] = []
    faults: list[str] = []
    for line, cells in enumerate(rows[1:], start=2):
        try:
            rule = _rule(cells)
        except ValueError as exc:
            faults.append(f"line {line}: {exc}")
            continue
        if rule.id in {other.id for other in rules}:
            faults.append(f"line {line}: {rule.code} stands here twice with the same dates")
        rules.append(rule)
    return rules, faults


def _rule(cells: Sequence[str]) -> Rule:
    """:raises ValueError: in words that name the cell"""
    if len(cells) != len(HEADER):
        raise ValueError(f"{len(HEADER)} cells are expected")
    row = dict(zip(HEADER, cells, strict=True))
    if not row["code"] or not row["source"]:
        raise ValueError("code and source are expected")
    if not JURISDICTION.fullmatch(row["jurisdiction"]):
        raise ValueError("jurisdiction: US or a state such as US-TX is expected")
    if row["effect"] not in set(Effect):
        raise ValueError(f"effect: one of {', '.join(Effect)} is expected")
    starts, ends = (date.fromisoformat(row[name]) if row[name] else None for name in ("from", "to"))
    if starts and ends and ends < starts:
        raise ValueError("to lies before from")
    return Rule(
        id=uuid5(_SHIPPED_IDS, "|".join((row["code"], row["jurisdiction"], row["from"], row["to"]))),
        code=row["code"],
        jurisdiction=row["jurisdiction"],
        effect=row["effect"],
        starts=starts,
        ends=ends,
        source=row["source"],
        checked_on=date.fromisoformat(row["checked_on"]),
        shipped=True,
    )


@cache
def shipped() -> tuple[Rule, ...]:
    """The rules that ship. A file with a fault starts no process (`programs/checks.py`)."""
    return tuple(read(FILE.read_text(encoding="utf-8"))[0])
