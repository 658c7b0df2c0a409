"""Pure rules of the estimates: for how long one holds, what was billed beyond it, and what its paper must say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from billing.documents.rules import Series, address_lines
from billing.estimates.models import Estimate, EstimateLine
from kapclinic.core import money
from kapclinic.core.errors import FieldError
from kapclinic.core.moments import year_later
from kapclinic.core.transitions import Move
from kapclinic.practice.rules import BILLERS, npi_is_valid

Status = Estimate.Status

MOVES = {
    "issue": Move.of({Status.DRAFT}, Status.ISSUED, BILLERS),
    "supersede": Move.of({Status.ISSUED}, Status.SUPERSEDED, BILLERS),
    "void": Move.of({Status.DRAFT, Status.ISSUED}, Status.VOIDED, BILLERS),
}
ESTIMATE = Series("estimate", "G-", "estimate.typ")

WARN_FROM = Decimal("300.00")  # the house's own: in time to make the next edition
REFUSE_FROM = Decimal(
    "400.00"
)  # "substantially in excess", 45 CFR 149.620(a)(2)(ii): the client may dispute the bill


def last_day(first: date) -> date:
    """An estimate of recurring services holds for 12 months at most (45 CFR 149.610(b)(1))."""
    return year_later(first) - timedelta(days=1)


def period(*, asked_on: date, service_on: date | None) -> tuple[date, date]:
    """From the day it was asked for, so that a service that comes forward is in it; from the first service when that
    lies more than a year ahead.
    """
    first = asked_on if service_on is None or service_on <= last_day(asked_on) else service_on
    return first, last_day(first)


# --- what was billed beyond it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """What one line of an estimate that stands expects of a clinician, and for which days and course."""

    number: str
    program: UUID | None
    begins: date
    ends: date
    rendering: UUID
    amount: Decimal


@dataclass(frozen=True)
class Billed:
    """What a client is obliged to pay for one service that a clinician rendered."""

    program: UUID | None
    on: date
    rendering: UUID
    amount: Decimal


@dataclass(frozen=True)
class Excess:
    """What a clinician's services came to against what was estimated of them, and by how much they are over."""

    rendering: UUID
    billed: Decimal
    estimated: Decimal
    over: Decimal

    def as_dict(self) -> dict[str, str]:
        return {
            "rendering": str(self.rendering),
            "billed": str(self.billed),
            "estimated": str(self.estimated),
            "over": str(self.over),
        }


def excess(rendering: UUID, *, expected: Iterable[Expected], billed: Iterable[Billed]) -> Excess | None:
    """A clinician's charges in the days of the estimates that name them, against the sum of these (45 CFR 149.620(b)).

    Estimates that hold at the same time are one sum, or the services of one would count against the other. When all of
    them are for courses, only services of these count. None when no estimate names this clinician: there is nothing
    that they could be over. `over` is never below zero.
    """
    own = [row for row in expected if row.rendering == rendering]
    if not own:
        return None
    first, last = min(row.begins for row in own), max(row.ends for row in own)
    programs = {row.program for row in own}
    told = money.total(row.amount for row in own)
    came = money.total(
        row.amount
        for row in billed
        if row.rendering == rendering
        and first <= row.on <= last
        and (None in programs or row.program in programs)
    )
    return Excess(rendering, came, told, max(came - told, money.ZERO))


# --- what its paper must say ------------------------------------------------------------------------------------------


def missing(lines: Sequence[EstimateLine]) -> list[FieldError]:
    """What 45 CFR 149.610(c)(1) asks for and the practice has not entered, one error per field."""
    errors = [
        FieldError(
            f"/items/{i}/rendering/npi",
            "npi_invalid",
            f"{line.rendering.name} has no valid NPI: the administrator enters it under staff.",
        )
        for i, line in enumerate(lines)
        if not npi_is_valid(line.rendering.npi)
    ]
    return errors + [
        FieldError(
            f"/items/{i}/location/address",
            "required",
            f"{line.location.name} has no address: the administrator enters it.",
        )
        for i, line in enumerate(lines)
        if not address_lines(line.location.address)
    ]


def warnings(lines: Sequence[EstimateLine], *, late: bool) -> list[dict[str, str]]:
    """What the biller should mend, or know of, before the client asks."""
    without = ", ".join(sorted({line.location.name for line in lines if not line.location.ein}))
    found = (
        (bool(without), "tin_missing", f"No EIN, which an estimate names: {without}."),
        (late, "delivered_late", "It was delivered after the day on which it was due."),
    )
    return [{"code": code, "detail": detail} for wrong, code, detail in found if wrong]
