"""Pure rules of the scales: what stays due of a fee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypedDict

from kapclinic.core import money
from kapclinic.core.errors import FieldError


class Tier(TypedDict):
    """`percent` of the fee stays due."""

    name: str
    percent: Decimal


def tier_errors(tiers: Sequence[Tier]) -> list[FieldError]:
    """A name that stands twice would leave open what was agreed."""
    names = [tier["name"] for tier in tiers]
    return [
        FieldError(f"/tiers/{i}/name", "duplicate", f"{name} is there already.")
        for i, name in enumerate(names)
        if name in names[:i]
    ]


def as_stored(tiers: Sequence[Tier]) -> list[dict[str, str]]:
    """Tiers as JSON, the percent with two decimals."""
    return [{"name": tier["name"], "percent": f"{tier['percent']:.2f}"} for tier in tiers]


def percent_of(tiers: Sequence[Mapping[str, str]], name: str) -> Decimal | None:
    """What stays due on the tier of that name."""
    return next((Decimal(tier["percent"]) for tier in tiers if tier["name"] == name), None)


def stays_due(*, amount: Decimal, fee: Decimal | None, percent: Decimal) -> Decimal:
    """What a client on a tier owes of a line, in cents, rounded half up once.

    `amount` is what was charged, `fee` the clinic's for these units, if it has one. The percent is of the fee, so that
    an amount which was entered with the reduction in it is not reduced again; of an amount above the fee it is of that.
    """
    whole = amount if fee is None or amount > fee else fee
    return min(amount, money.cents(whole * percent / 100))
