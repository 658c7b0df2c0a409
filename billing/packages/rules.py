"""Pure rules of packages: an exact sum, what is left of an item, and what a charge takes from which purchase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from kapclinic.core import money
from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.rules import BILLERS

ACTIVE, USED, CANCELLED = "active", "used", "cancelled"
PURCHASE_MOVES = {"cancel": Move.of({ACTIVE}, None, BILLERS)}


class Item(TypedDict):
    """One service of a package as it is kept: `unit_amount` in dollars with two decimals, as text."""

    code: str
    quantity: int
    unit_amount: str


class Draw(TypedDict):
    """What a standing charge took: so many of the item at `position`, for `amount` dollars as text."""

    position: int
    charge: str
    quantity: int
    amount: str


class ItemLeft(Item):
    drawn: int
    left: int


@dataclass(frozen=True)
class PurchaseState:
    """How a purchase stands, as a move looks at it."""

    status: str


@dataclass(frozen=True)
class Lot:
    """What is left of one item of one purchase, worth `unit_amount` each."""

    purchase: UUID
    position: int
    left: int
    unit_amount: Decimal


@dataclass(frozen=True)
class Pick:
    """What a charge takes of a lot."""

    lot: Lot
    quantity: int

    @property
    def amount(self) -> Decimal:
        return self.lot.unit_amount * self.quantity


def price_of(items: Iterable[Item]) -> Decimal:
    """Σ quantity × unit amount, to the cent."""
    return money.total(Decimal(item["unit_amount"]) * item["quantity"] for item in items)


def price_errors(items: Iterable[Item], *, price: Decimal) -> list[FieldError]:
    """A package costs what its items come to: a session is charged at its unit amount, and no cent may be over."""
    come_to = price_of(items)
    if come_to == price:
        return []
    return [FieldError("/price", "sum_differs", f"The items come to {come_to}, not to {price}.")]


def items_left(items: Sequence[Item], draws: Iterable[Draw]) -> list[ItemLeft]:
    """The items of a purchase with what standing charges took of each, and what is left."""
    taken = [0] * len(items)
    for draw in draws:
        taken[draw["position"]] += draw["quantity"]
    return [
        ItemLeft(**item, drawn=used, left=item["quantity"] - used)
        for item, used in zip(items, taken, strict=True)
    ]


def status_of(items: Iterable[ItemLeft], *, cancelled: bool) -> str:
    if cancelled:
        return CANCELLED
    return ACTIVE if any(item["left"] for item in items) else USED


def picked(lots: Iterable[Lot], units: int) -> list[Pick]:
    """What `units` of a service take from the lots, the first ones first; never more than is left of each."""
    picks = []
    for lot in lots:
        quantity = min(units, lot.left)
        if quantity > 0:
            picks.append(Pick(lot, quantity))
            units -= quantity
    return picks


def worth(picks: Iterable[Pick]) -> Decimal:
    """What the picks come to."""
    return money.total(pick.amount for pick in picks)


def own_price(asked: Mapping[str, object], *, prepaid: Decimal) -> bool:
    """Did the biller set another price on purpose, with a reason? Then nothing is drawn: that price stands."""
    amount = asked.get("amount")
    return bool(asked.get("amount_reason")) and amount is not None and amount != prepaid
