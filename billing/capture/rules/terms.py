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

    What a package holds costs its unit amount, and an agreement takes nothing off it: see `packages.services.draws`.
    """
    lots = {code: list(held) for code, held in terms.lots.items()}
    found = []
    for line in lines:
        picks = picked(lots.get(line.code.code, ()), line.units)
        if picks:
            prepaid = worth(picks)
            beyond = line.amount * (line.units - sum(pick.quantity for pick in picks)) / line.units
            taken = {pick.lot: pick.quantity for pick in picks}
            lots[line.code.code] = [
                replace(lot, left=lot.left - taken.get(lot, 0)) for lot in lots[line.code.code]
            ]
            found.append(_of(line, costs=prepaid + money.cents(beyond), prepaid=prepaid))
        elif terms.percent is not None:
            due = stays_due(amount=line.amount, fee=line.amount, percent=terms.percent)
            found.append(_of(line, costs=due, prepaid=money.ZERO))
        else:
            found.append(_of(line, costs=line.amount, prepaid=money.ZERO))
    return found


def _of(line: Line, *, costs: Decimal, prepaid: Decimal) -> Obliged:
    return Obliged(adjustment=costs - line.amount, prepaid=prepaid, pays=costs - prepaid)
