"""What the rules of a proposal look at: one session, as its record, its notes and the price list stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.codes.models import ServiceCode
from billing.ledger.rules.record import Dose, Standing


@dataclass(frozen=True)
class Signed:
    """A signed note as far as billing sees it: its whole minutes of care, and whether its author said them."""

    minutes: int | None
    said: bool


@dataclass(frozen=True)
class Seat:
    """Somebody of the session's staff. `therapy` and `medical` are the notes that their lines stand on; `waits` is a
    note of theirs that lacks its second signature.
    """

    user: UUID
    name: str
    role: str
    has_npi: bool
    therapy: Signed | None = None
    medical: Signed | None = None
    waits: UUID | None = None

    def note(self, *, medical: bool) -> Signed | None:
        return self.medical if medical else self.therapy


@dataclass(frozen=True)
class Drug:
    """What names a drug on a line: NDC of 11 digits (5-4-2), and how much of its unit."""

    ndc: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True)
class Given:
    """A standing dose and the lot that it was taken from; a client's own has none."""

    dose: Dose
    lot: UUID | None = None
    ndc: str = ""
    per_ml: Decimal | None = None
    per_container: Decimal | None = None


@dataclass(frozen=True)
class Stood:
    """A standing charge of the client's day."""

    code: ServiceCode
    units: int
    here: bool
    rendering: UUID | None


@dataclass(frozen=True)
class Overtaken:
    """A standing charge of the session that the record does not bear out any more, and why."""

    charge: UUID
    code: str
    why: str


@dataclass(frozen=True)
class Priced:
    """A code that is in force on the day, and the fee of one unit there, if the list has one."""

    code: ServiceCode
    fee: Decimal | None


@dataclass(frozen=True)
class Case:
    """One session; it `is_begun` while the client is there and it is not completed.

    `seen_before`: by a medical clinician, in the three years before.
    """

    session: UUID
    program: UUID
    kind: str
    modality: str
    is_begun: bool
    is_over: bool
    is_dosed: bool
    seats: tuple[Seat, ...]
    given: tuple[Given, ...]
    stay_minutes: int | None
    standing: tuple[Stood, ...]
    prices: Mapping[str, Priced]
    diagnosis: str
    diagnosis_fits: bool
    seen_before: bool
    overtaken: tuple[Overtaken, ...] = ()

    def seated(self, roles: Iterable[str]) -> list[Seat]:
        """Those who sat there in one of these roles, by the order of the roles."""
        return [seat for role in roles for seat in self.seats if seat.role == role]

    def lines_as_of(self, user: UUID) -> tuple[Standing, ...]:
        """The standing charges of the day as a line of this clinician sees them."""
        return tuple(
            Standing(code=row.code, units=row.units, here=row.here, mine=row.rendering == user)
            for row in self.standing
        )
