"""Sense of dates and sizes: how far a body may go, in one table. What lies beyond is a slip of the pen, and is 400.

A field is `Body.field`, or the kind of its value for all that the table does not name. These limits are wide: whether
a value is right is for the rule of its room, and a clinical threshold is the protocol's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

YEAR = 366  # days


@dataclass(frozen=True)
class Days:
    """A day or a moment, at most so many days before and after that of the request."""

    back: int
    ahead: int


@dataclass(frozen=True)
class Size:
    """An amount, at most so much either way."""

    most: Decimal


DATE, MOMENT, MONEY, MILLIGRAMS, NUMBER = "a date", "a moment", "money", "milligrams", "a number"
BOOKED = Days(10 * YEAR, 2 * YEAR)
AWAY = Days(10 * YEAR, 5 * YEAR)
DOSE = Size(Decimal(10_000))  # mg
LIMITS: Mapping[str, Days | Size | None] = {  # None: the room has a rule of its own
    DATE: Days(150 * YEAR, 20 * YEAR),
    MOMENT: Days(10 * YEAR, 10 * YEAR),
    MONEY: Size(Decimal(100_000)),
    MILLIGRAMS: Size(Decimal(1_000_000)),  # all that a lot can hold
    NUMBER: Size(Decimal(100_000)),
    "LotIn.expires_on": Days(10 * YEAR, 10 * YEAR),
    "LotIn.concentration_mg_per_ml": Size(Decimal(1_000)),
    "LotIn.quantity_mg": Size(Decimal(500_000)),  # a thousand vials
    "LotIn.container_mg": Size(Decimal(50_000)),
    "LabResultIn.value": Size(Decimal(1_000_000)),  # hCG counts the highest
    "OrderIn.dose_mg": DOSE,
    "OrderIn.max_total_mg": DOSE,
    "OrderIn.dose_mg_per_kg": Size(Decimal(100)),
    "OrderIn.valid_until": Days(10 * YEAR, YEAR),
    "AdministrationIn.dose_mg": DOSE,
    "AdministrationIn.drawn_mg": DOSE,
    "AdministrationIn.given_mg": DOSE,
    "AdministrationIn.wasted_mg": DOSE,
    "FinishIn.given_mg": DOSE,
    "FinishIn.wasted_mg": DOSE,
    "SessionPatch.weight_kg": Size(Decimal(1_000)),
    "SessionPatch.weight_lb": Size(Decimal(2_000)),
    "SessionIn.starts_at": BOOKED,
    "SessionIn.ends_at": BOOKED,
    "RescheduleIn.starts_at": BOOKED,
    "RescheduleIn.ends_at": BOOKED,
    "HoldIn.starts_at": BOOKED,
    "HoldIn.ends_at": BOOKED,
    "PlanRow.starts_at": BOOKED,
    "PlanRow.ends_at": BOOKED,
    "AbsenceMoveIn.starts_at": BOOKED,
    "AbsenceMoveIn.ends_at": BOOKED,
    "WaitlistEntryIn.window_from": BOOKED,
    "WaitlistEntryIn.window_to": BOOKED,
    "TimeOffIn.starts_at": AWAY,
    "TimeOffIn.ends_at": AWAY,
    "AbsenceIn.starts_at": AWAY,
    "AbsenceIn.ends_at": AWAY,
    "MedicationPatch.ended_at": Days(100 * YEAR, 10 * YEAR),
    "ClientIn.date_of_birth": None,
    "PaymentIn.received_on": Days(10 * YEAR, 1),
    "PaymentPlanIn.first_due": Days(YEAR, 2 * YEAR),
    "DocumentIn.from_date": Days(20 * YEAR, 2 * YEAR),
    "DocumentIn.to_date": Days(20 * YEAR, 2 * YEAR),
    "LegalRuleIn.from": Days(100 * YEAR, 50 * YEAR),
    "LegalRuleIn.to": Days(100 * YEAR, 50 * YEAR),
}


def limit_of(bodies: Iterable[str], field: str, kind: str) -> Days | Size | None:
    """The limit of a field of a body; `bodies` are its name and those it is made from, the nearest first."""
    named = (LIMITS[key] for body in bodies if (key := f"{body}.{field}") in LIMITS)
    return next(named, LIMITS[kind])


def beyond(value: object, limit: Days | Size, *, at: datetime) -> str:
    """What is wrong with `value`, in words; nothing when it lies within."""
    if isinstance(limit, Size):
        too_much = isinstance(value, Decimal) and abs(value) > limit.most
        return f"{limit.most:,} at most is expected." if too_much else ""
    day = value.date() if isinstance(value, datetime) else value
    first, last = at.date() - timedelta(days=limit.back), at.date() + timedelta(days=limit.ahead)
    outside = isinstance(day, date) and not first <= day <= last
    return f"A day from {first} to {last} is expected." if outside else ""
