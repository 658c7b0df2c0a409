"""Sessions, debts, notes and alarms drawn at random, and what a report must say of them, reckoned by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from programs.models import Program
from sessions.booking.models import Session
from tests.cast import MONDAY, Cast
from tests.cast.sessions import team

DAY = timedelta(days=1)
MOUNTAIN = timedelta(hours=-6)  # North's zone in May
FIRST, LAST = date(2026, 5, 4), date(2026, 5, 13)


class Draw:
    """Rows around the period of a report, also just before and after it."""

    def __init__(self, cast: Cast, program: Program, seed: int) -> None:
        self.cast, self.program, self.random = cast, program, Random(seed)
        self.number = 0

    def moment(self) -> datetime:
        """Some minute of the two weeks around the period."""
        return MONDAY + timedelta(minutes=self.random.randrange(-3 * 1440, 13 * 1440))

    def session(
        self, kind: str, starts_at: datetime, *, who: Iterable[str] = ("therapist",), **more: Any
    ) -> Session:
        """Past every rule of booking: a report reads what is there."""
        self.number += 1
        staff = [{"user": str(seat["user"]), "role": seat["role"]} for seat in team(self.cast, *who)]
        values: dict[str, Any] = {
            "program": self.program,
            "client_id": self.program.client_id,
            "location_id": self.program.location_id,
            "staff": staff,
            "kind": kind,
            "number": self.number,
            "modality": "in_person",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=1),
        }
        return Session(**values | more).save_by(self.cast.admin, at=MONDAY)

    def chance(self, of: float) -> bool:
        return self.random.random() < of


def is_of_period(moment: datetime) -> bool:
    """On a day of the period, on North's clocks."""
    return FIRST <= (moment + MOUNTAIN).date() <= LAST


def hours(span: timedelta) -> float:
    return round(max(span.total_seconds(), 0) / 3600, 2)


def middle(values: list[float]) -> float | None:
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return round(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2, 2)


def share(part: int, whole: int) -> float | None:
    return round(part * 100 / whole, 1) if whole else None


def hidden(figures: dict[str, Any], rows: int) -> dict[str, Any]:
    """Fewer than five rows have no figures."""
    return figures if rows >= 5 else dict.fromkeys(figures)
