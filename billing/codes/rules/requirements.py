"""What a code requires of the record: kinds of session, and of the dose its drug, route, supply and milligrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict


class Kept(TypedDict, total=False):
    """`Requires` as `ServiceCode.requires` keeps it: milligrams as text."""

    kinds: Sequence[str]
    routes: Sequence[str]
    drugs: Sequence[str]
    supply: str | None
    dose_mg_min: str | Decimal | None
    dose_mg_max: str | Decimal | None


@dataclass(frozen=True)
class Requires:
    """An empty part asks for nothing. The milligrams are those of all fitting doses of the session together."""

    kinds: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    supply: str | None = None
    dose_mg_min: Decimal | None = None
    dose_mg_max: Decimal | None = None

    @property
    def a_dose(self) -> bool:
        """Must a dose stand behind the line?"""
        return bool(self.routes or self.drugs or self.supply) or self.of_an_amount

    @property
    def of_an_amount(self) -> bool:
        return self.dose_mg_min is not None or self.dose_mg_max is not None


def read(kept: Kept) -> Requires:
    """What stands in `ServiceCode.requires`; a key that is not there asks for nothing."""
    least, most = kept.get("dose_mg_min"), kept.get("dose_mg_max")
    return Requires(
        kinds=tuple(kept.get("kinds") or ()),
        routes=tuple(kept.get("routes") or ()),
        drugs=tuple(kept.get("drugs") or ()),
        supply=kept.get("supply") or None,
        dose_mg_min=None if least is None else Decimal(least),
        dose_mg_max=None if most is None else Decimal(most),
    )


def kept(requires: Requires) -> Kept:
    """As `ServiceCode.requires` keeps it and answers show it: every key, milligrams as text."""
    least, most = requires.dose_mg_min, requires.dose_mg_max
    return {
        "kinds": list(requires.kinds),
        "routes": list(requires.routes),
        "drugs": list(requires.drugs),
        "supply": requires.supply,
        "dose_mg_min": None if least is None else f"{least:.3f}",
        "dose_mg_max": None if most is None else f"{most:.3f}",
    }
