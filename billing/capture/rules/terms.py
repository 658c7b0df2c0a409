"""What a proposed line will oblige the client to pay: after the fee agreement of its day, or out of a package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.capture.rules.proposals import Line
from billing.packages.rules import Lot, picked, worth
from billing.scales.rules import stays_due
from kapclinic.core import money


@dataclass(frozen=True)
class Terms:
    """On which terms a client pays on a day: the percent of a fee that stays due, and what packages hold by code."""

    percent: Decimal | None
    lots: Mapping[str, Sequence[Lot]]


@dataclass(frozen=True)
class Obliged:
    """The amount of a line + `adjustment` - `prepaid` = `pays`, as posting it will have it."""

    adjustment: Decimal
    prepaid: Decimal
    pays: Decimal


def obliged(lines: Iterable[Line], terms: Terms) -> list[Obliged]:
    """What each of these lines comes to, posted in their order.

    What a package holds costs its unit amount, and an agreement takes nothing off it, but off the units beyond: see
    `packages.services.draws`.
    """
    lots = {code: list(held) for code, held in terms.lots.items()}
    found = []
    for line in lines:
        picks = picked(lots.get(line.code.code, ()), line.units)
        if picks:
            prepaid = worth(picks)
            beyond = money.cents(
                line.amount * (line.units - sum(pick.quantity for pick in picks)) / line.units
            )
            taken = {pick.lot: pick.quantity for pick in picks}
            lots[line.code.code] = [
                replace(lot, left=lot.left - taken.get(lot, 0)) for lot in lots[line.code.code]
            ]
            found.append(_of(line, costs=prepaid + _due(beyond, terms), prepaid=prepaid))
        else:
            found.append(_of(line, costs=_due(line.amount, terms), prepaid=money.ZERO))
    return found


def _due(fee: Decimal, terms: Terms) -> Decimal:
    return fee if terms.percent is None else stays_due(amount=fee, fee=fee, percent=terms.percent)


def _of(line: Line, *, costs: Decimal, prepaid: Decimal) -> Obliged:
    return Obliged(adjustment=costs - line.amount, prepaid=prepaid, pays=costs - prepaid)
