"""Billing's desk at noon in Denver on 20 May 2026: what it asks over HTTP about one client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import Client
from programs.models import Program
from sessions.booking.models import Session
from tests.cast import (
    MONDAY,
    PLAIN,
    Cast,
    Desk,
    cleared_program,
    opened_program,
    signed_dose,
    signed_injection,
    signed_session,
)
from tests.racing import race

NOW = datetime(2026, 5, 20, 18, 0, tzinfo=UTC)
SERVED = NOW - timedelta(days=2)  # noon of the 18th
NAMELESS = {"legal_name": "", "ein": "", "organization_npi": ""}  # a location whose papers say little
NDC = {"ndc": "00409205310", "ndc_quantity": "1.5", "ndc_unit": "ML"}
DOSED = SERVED + timedelta(hours=1)


@dataclass
class Till:
    """What is asked for one client, Robin Sample unless it is the till of another: see `of`."""

    cast: Cast
    course: Program | None = None  # the client's, once something was built in it
    own: Desk | None = None

    @property
    def desk(self) -> Desk:
        return self.own or self.cast.desk("billing")

    @cached_property
    def hour(self) -> Session:
        """An hour of therapy that took place and is written up: what `charge` charges unless it is told."""
        return self.session()

    @property
    def program(self) -> Program:
        if self.course is None:
            with clock.fixed(MONDAY):
                self.course = cleared_program(self.cast)
        return self.course

    @property
    def client(self) -> Client:
        return self.program.client

    def of(self, client: Client) -> Till:
        """The same desk for another client."""
        with clock.fixed(MONDAY):
            course = opened_program(self.cast, who=client, protocol=self.program.protocol)
        return Till(self.cast, course)

    def beside(self) -> Till:
        """Somebody of billing at another desk, for the same client."""
        return replace(self, own=Desk(self.cast.billing))

    def session(self, *, starts_at: datetime = SERVED, **more: Any) -> Session:
        """A session that took place and is written up."""
        with clock.fixed(MONDAY):
            session = signed_session(self.cast, self.course, starts_at=starts_at, **more)
        self.course = session.program
        return session

    def dose(self) -> Session:
        """A lozenge of the client's own by nurse, therapist and prescriber, who have each signed."""
        with clock.fixed(MONDAY):
            session = signed_dose(self.cast, self.course, starts_at=DOSED)
        self.course = session.program
        return session

    def injection(self) -> Session:
        """40 mg into the muscle from the safe, by the same three; `NDC` is what was in the vial."""
        with clock.fixed(MONDAY):
            session = signed_injection(self.cast, self.course, starts_at=DOSED)
        self.course = session.program
        return session

    def rename(self, **values: Any) -> None:
        """The front desk changes what is known of the client."""
        practice.save_client(client=self.client, values=values, by=self.cast.frontdesk, at=clock.now())

    def charge(self, session: Session | None = None, **body: Any) -> dict[str, Any]:
        """A posted charge, for the hour unless told; of a code that asks nothing of the record, unless told."""
        shape = {"session": str((session or self.hour).pk), "code": PLAIN, "units": 1, "amount": "200.00"}
        return self.desk.must("charges/", shape | body, status=201)

    def pay(self, amount: str, *charges: tuple[dict[str, Any], str], **body: Any) -> dict[str, Any]:
        return self.desk.must("payments/", self._payment(amount, charges) | body, status=201)

    def try_to_pay(self, amount: str, *charges: tuple[dict[str, Any], str], **body: Any) -> Any:
        return self.desk.post("payments/", self._payment(amount, charges) | body)

    def _payment(self, amount: str, charges: tuple[tuple[dict[str, Any], str], ...]) -> dict[str, Any]:
        return {
            "client": str(self.client.pk),
            "amount": amount,
            "method": "card",
            "received_on": "2026-05-20",
            "allocations": [{"charge": charge["id"], "amount": part} for charge, part in charges],
        }

    def superbill(self, **body: Any) -> Any:
        return self.desk.post("superbills/", self.period() | body)

    def receipt(self, **body: Any) -> Any:
        return self.desk.post("receipts/", self.period() | body)

    def period(self) -> dict[str, str]:
        return {"client": str(self.client.pk), "from_date": "2026-05-01", "to_date": "2026-05-31"}

    def at_once(self, *acts: Callable[[Till], Any]) -> list[Any]:
        """What desks get that act at once, each at a till of its own."""
        answers: list[Any] = []

        def run(act: Callable[[Till], Any], own: Till) -> None:
            with clock.fixed(NOW):
                answers.append(act(own))

        assert race(*(partial(run, act, self.beside()) for act in acts)) == []
        return answers
