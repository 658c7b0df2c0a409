"""The sessions that wait for billing, one row each, by what is to be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from billing.capture.rules.blockers import Code
from billing.capture.rules.proposals import Proposal
from billing.capture.services.proposals import day_of, proposals_of
from kapclinic.core import money
from kapclinic.core.statements import Row
from sessions.booking.models import Session

LINES = "lines"  # what `selectors.charged` puts beside a session


@dataclass(frozen=True)
class Listed:
    """One session: `services` is [(code, units)], the sums are of the lines that are proposed or stand."""

    session: Session
    state: str
    services: tuple[tuple[str, int], ...]
    amount: Decimal
    paid: Decimal
    balance: Decimal
    blockers: tuple[dict[str, object], ...] = ()

    def as_dict(self) -> Row:
        session = self.session
        return {
            "state": self.state,
            "client": {"id": session.client_id, "name": session.client.legal_name},
            "session": {
                "id": session.pk,
                "kind": session.kind,
                "number": session.number,
                "date": day_of(session),
            },
            "program": session.program_id,
            "location": session.location_id,
            "services": [{"code": code, "units": units} for code, units in self.services],
            "totals": {"amount": self.amount, "paid": self.paid, "balance": self.balance},
            "blockers": list(self.blockers),
        }


class Waiting:
    """Sessions of `selectors.to_charge` of one state, read at once: whether one is blocked only its whole proposal
    tells, and whether anything is left of one that was charged in part.
    """

    def __init__(self, sessions: QuerySet[Session], *, state: str) -> None:
        found = proposals_of(sessions)
        self._rows = [row_of(session, made) for session, made in found if _state(session, made) == state]

    @property
    def count(self) -> Callable[[], int]:
        return lambda: len(self._rows)

    def __getitem__(self, span: slice, /) -> list[Listed]:
        return self._rows[span]


def _state(session: Session, made: Proposal) -> str | None:
    """None: it is charged, and nothing is left; or it is on its paper, and the record bears that out."""
    known = vars(session)
    if known["is_printed"] and not any(row.code == Code.NOT_IN_RECORD for row in made.blockers):
        return None
    if made.blockers:
        return "blocked"
    return "ready" if made.lines or not known["is_charged"] else None


def row_of(session: Session, made: Proposal) -> Listed:
    """What is still to be charged of a session, by its proposal: nothing of that is paid."""
    amount = money.total(line.amount for line in made.lines)
    return Listed(
        session=session,
        state="blocked" if made.blockers else "ready",
        services=tuple((line.code.code, line.units) for line in made.lines),
        amount=amount,
        paid=money.ZERO,
        balance=amount,
        blockers=tuple(blocker.as_dict() for blocker in made.blockers),
    )


def charged_rows(sessions: Iterable[Session], *, state: str) -> Sequence[Listed]:
    """Rows of `selectors.charged`."""
    return [_charged(session, getattr(session, LINES), state=state) for session in sessions]


def _charged(session: Session, lines: Sequence[Row], *, state: str) -> Listed:
    amount, paid, balance = (
        money.total(Decimal(line[name]) for line in lines) for name in ("amount", "paid", "balance")
    )
    services = tuple((line["code"], line["units"]) for line in lines)
    return Listed(session, state, services, amount=amount, paid=paid, balance=balance)
