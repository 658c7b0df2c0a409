"""What a client paid for in advance comes first: a room above says what a charge costs then, and pays it.

The ledger knows no packages. The room that does registers its way of posting a charge at the start of the process, and
every charge goes that way, whoever posts it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError

from billing.ledger.models import Charge
from kapclinic.core import money
from kapclinic.core.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")
KEPT = "package_money_kept"  # the guard's name in the database
Way = Callable[[Callable[..., Charge], Mapping[str, object]], Charge]  # the verb, and what it is asked for

_ways: list[Way] = []


@dataclass(frozen=True)
class Prepaid:
    """What of a line was paid for in advance: so many of its units, for so many dollars."""

    units: int
    amount: Decimal


NOTHING = Prepaid(0, money.ZERO)


class MoneyKept(Conflict):
    code, title = "money_kept", "This money is kept for a package"


def register(way: Way) -> None:
    """Let charges be posted by `way`; at the start of the process, once."""
    if way not in _ways:
        _ways.append(way)


def prepaid_first(post: Callable[P, Charge]) -> Callable[P, Charge]:
    """The verb that posts a charge, by the way of whoever knows what is prepaid."""

    @wraps(post)
    def posted(*args: P.args, **kwargs: P.kwargs) -> Charge:
        return _ways[0](post, kwargs) if _ways else post(*args, **kwargs)

    return posted


def sparing_kept_money(act: Callable[P, R]) -> Callable[P, R]:
    """A verb that takes money of a payment, refused in words when the database keeps that money for a package.

    :raises MoneyKept: until the purchase is cancelled
    """

    @wraps(act)
    def acted(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except IntegrityError as exc:
            if getattr(getattr(exc.__cause__, "diag", None), "constraint_name", None) != KEPT:
                raise
            raise MoneyKept("Cancel the purchase of the package first.") from exc

    return acted
