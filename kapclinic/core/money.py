"""Dollars and cents as Decimal. One rounding rule: half up, at every boundary; input is refused, not rounded."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """`amount` in whole cents, rounded half up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum, with two decimals."""
    return sum(amounts, ZERO).quantize(CENT)


def split(amount: Decimal, parts: int) -> list[Decimal]:
    """`amount` in `parts` shares that sum to it exactly; the first shares carry the odd cents."""
    if parts < 1:
        raise ValueError("parts must be at least 1")
    whole, odd = divmod(int(amount / CENT), parts)
    return [Decimal(whole + (1 if i < odd else 0)) * CENT for i in range(parts)]
