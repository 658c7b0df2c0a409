"""Questions of the reports: rows of the ledger's own selectors, and sums over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from django.db import models
from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from billing.ledger import selectors as ledger
from billing.ledger.models import LedgerQuerySet
from billing.reports.rules import BUCKETS, Asked
from billing.reports.sql import Liability
from kapclinic.core import money
from kapclinic.core.statements import Row
from kapclinic.practice.selectors import LocalDate, LocalDay

M = TypeVar("M", bound=models.Model)
GIVEN_UP = ("write_off", "bad_debt")  # reasons of an adjustment


class DaysBetween(Func):
    """Whole days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


@dataclass(frozen=True)
class Report:
    """The rows, what all of them come to (amounts by name), and the groups that they fall into."""

    rows: QuerySet[models.Model, Row] | Liability
    totals: Row
    groups: list[Row]


def _within(rows: QuerySet[M], asked: Asked, day: str) -> QuerySet[M]:
    found: QuerySet[M] = rows.filter(**{f"{day}__gte": asked.first, f"{day}__lte": asked.last})
    return found


# --- what is owed, and since when --------------------------------------------------------------------------


def ageing(asked: Asked) -> Report:
    """The charges of services of the period that are not paid whole, by their age in days at their location today."""
    owed = _owed(asked)
    sums: dict[str, Sum | Count] = {}
    for name, (fewest, most) in BUCKETS.items():
        old = Q() if fewest is None else Q(days__gte=fewest)
        old &= Q() if most is None else Q(days__lte=most)
        sums |= {name: Sum("balance", filter=old), f"{name}_charges": Count("pk", filter=old)}
    found = owed.aggregate(**sums)
    groups = [
        {"bucket": name, "charges": found[f"{name}_charges"], "balance": found[name] or money.ZERO}
        for name in BUCKETS
    ]
    totals = {row["bucket"]: row["balance"] for row in groups}
    rows = owed.order_by("date_of_service", "created_at", "pk").values(
        "client",
        "location",
        "date_of_service",
        "days",
        "amount",
        "paid",
        "balance",
        charge=F("pk"),
        mrn=F("client__mrn"),
        service=F("code__code"),
    )
    return Report(rows, totals | {"balance": money.total(totals.values())}, groups)


def _owed(asked: Asked) -> LedgerQuerySet:
    standing = Q(location__in=asked.places, reverses__isnull=True, reversal__isnull=True, balance__gt=0)
    today = LocalDate(asked.at, "location__time_zone")
    owed = _within(ledger.charges().filter(standing), asked, "date_of_service")
    aged: LedgerQuerySet = owed.annotate(days=DaysBetween(today, F("date_of_service")))
    return aged


# --- what came in ------------------------------------------------------------------------------------------

DEPOSIT = ("client", "mrn", "location", "payment", "day", "method", "kind", "signed", "created_at")
FIGURES = ("payments", "reversals", "refunds")


def deposits(asked: Asked) -> Report:
    """Money that came in and went back in the period, by day and method: what must be in the bank.

    A payment counts on the day it was received, its reversal and its refunds on the day they were entered.
    """
    came, back = _came(asked), _went_back(asked)
    rows = (
        came.values(*DEPOSIT)
        .union(back.values(*DEPOSIT), all=True)
        .order_by("-day", "-created_at", "payment")
    )
    grouped: dict[tuple[object, str], Row] = {}
    for half in (
        came.values("day", "method").annotate(
            payments=Sum("amount", filter=Q(amount__gt=0)), reversals=Sum("amount", filter=Q(amount__lt=0))
        ),
        back.values("day", "method").annotate(refunds=Sum("signed")),
    ):
        for row in half.order_by():
            group = grouped.setdefault(
                (row["day"], row["method"]), {"day": row["day"], "method": row["method"]}
            )
            group |= {name: row[name] or money.ZERO for name in FIGURES if name in row}
    groups = [_whole(grouped[key]) for key in sorted(grouped, key=str, reverse=True)]
    totals = {name: money.total(group[name] for group in groups) for name in (*FIGURES, "net")}
    return Report(rows, totals, groups)


def _whole(group: Row) -> Row:
    amounts: dict[str, Decimal] = {name: group.get(name, money.ZERO) for name in FIGURES}
    return group | amounts | {"net": money.total(amounts.values())}


def _kind(word: str) -> Case:
    reversal = When(reverses__isnull=False, then=Value(f"{word}_reversal", output_field=CharField()))
    return Case(reversal, default=Value(word, output_field=CharField()), output_field=CharField())


def _came(asked: Asked) -> QuerySet[models.Model]:
    rows = ledger.payments().filter(location__in=asked.places)
    named = rows.annotate(
        mrn=F("client__mrn"), payment=F("pk"), day=F("received_on"), kind=_kind("payment"), signed=F("amount")
    )
    return _within(named, asked, "received_on")


def _went_back(asked: Asked) -> QuerySet[models.Model]:
    rows = ledger.refunds().filter(payment__location__in=asked.places)
    named = rows.annotate(
        client=F("payment__client"),
        mrn=F("payment__client__mrn"),
        location=F("payment__location"),
        day=LocalDay(F("created_at"), F("payment__location__time_zone")),
        kind=_kind("refund"),
        signed=-F("amount"),
    )
    return _within(named, asked, "day")


# --- what was given up -------------------------------------------------------------------------------------


def write_offs(asked: Asked) -> Report:
    """What the clinic gave up of charges in the period, by reason, on the day it was entered; less than zero is given
    up, and what is taken back counts the other way.
    """
    given_up = ledger.adjustments().filter(charge__location__in=asked.places, reason__in=GIVEN_UP)
    zone = F("charge__location__time_zone")
    found = _within(given_up.annotate(day=LocalDay(F("created_at"), zone)), asked, "day")
    sums: dict[str, Sum | Count] = {}
    for reason in GIVEN_UP:
        of_it = Q(reason=reason)
        sums |= {reason: Sum("amount", filter=of_it), f"{reason}_rows": Count("pk", filter=of_it)}
    summed = found.aggregate(**sums)
    groups = [
        {"reason": reason, "adjustments": summed[f"{reason}_rows"], "amount": summed[reason] or money.ZERO}
        for reason in GIVEN_UP
    ]
    totals = {row["reason"]: row["amount"] for row in groups}
    rows = found.order_by("-day", "-created_at", "pk").values(
        "day",
        "reason",
        "amount",
        "charge",
        "reverses",
        adjustment=F("pk"),
        client=F("charge__client"),
        mrn=F("charge__client__mrn"),
        location=F("charge__location"),
        service=F("charge__code__code"),
        date_of_service=F("charge__date_of_service"),
    )
    return Report(rows, totals | {"amount": money.total(totals.values())}, groups)


# --- what packages still owe -------------------------------------------------------------------------------


def package_liability(asked: Asked) -> Report:
    """What was paid for packages and not rendered yet: opening + sold - drawn - returned = closing, each purchase."""
    rows = Liability(places=asked.places, first=asked.first, last=asked.last)
    sums = rows.sums()
    count = sums.pop("purchases")
    return Report(rows, sums, [{"purchases": count} | sums])
