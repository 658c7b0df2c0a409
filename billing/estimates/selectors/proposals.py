"""What an estimate of a course would list: every session that the course still plans, at the fees of the day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from billing.codes import selectors as codes
from billing.codes.models import ServiceCode
from billing.scales.models import FeeAgreement
from billing.scales.rules import stays_due
from billing.scales.selectors import agreement_on
from kapclinic.core import money
from kapclinic.practice.models import SessionKind
from programs.models import Program, Route
from sessions.booking.models import Session
from sessions.booking.rules import AHEAD
from sessions.course.selectors.progress import progress

THERAPY = ("90837", "90834", "90832")
FURTHER = {SessionKind.PREPARATION: "KAP-PREP", SessionKind.INTEGRATION: "KAP-INTEGRATION"}
BY_ROUTE = {Route.INTRAVENOUS: "96365", Route.INTRAMUSCULAR: "96372"}  # the hands that give it
# The drug, where the clinic sells it: what a client brings to swallow or melt has no price here.
DRUGS = {
    Route.INTRAVENOUS: "J3490",
    Route.INTRAMUSCULAR: "J3490",
    Route.SUBLINGUAL: "J8499",
    Route.ORAL: "J8499",
}


@dataclass(frozen=True)
class Item:
    """One line as the body of an estimate has it; no amount: no fee is kept for the code. `list_amount` is the fee,
    `unit_amount` what the client's fee agreement leaves due of it.
    """

    code: str
    label: str
    quantity: int
    list_amount: Decimal | None
    unit_amount: Decimal | None
    rendering: UUID
    location: UUID

    @property
    def amount(self) -> Decimal | None:
        return None if self.unit_amount is None else money.cents(self.unit_amount * self.quantity)


NASAL = "What a nasal dose costs depends on its drug and amount: add G2082, G2083 or a drug line of your own."


@dataclass
class Proposal:
    """The body of an estimate, but for when it was asked for while nothing is booked."""

    client: UUID
    program: UUID
    scheduled_at: datetime | None
    service_on: date | None
    diagnoses: list[str]
    items: list[Item] = field(default_factory=list)
    drug_unknown: bool = False

    @property
    def total(self) -> Decimal:
        return money.total(item.amount for item in self.items if item.amount is not None)

    @property
    def blockers(self) -> list[dict[str, str]]:
        without = [item.code for item in self.items if item.unit_amount is None]
        found = [
            {"code": "missing_fee", "detail": f"{code} has no fee: give its amount."} for code in without
        ]
        return found + ([{"code": "drug_unknown", "detail": NASAL}] if self.drug_unknown else [])


def propose(*, program: Program, at: datetime) -> Proposal:
    """List what the course still plans, by the plan's own counts; it looks for no free times.

    Therapy is the code that the protocol's minutes reach, never a higher one. A dose is the supervised session, where
    hands give it also that service, and the drug where the clinic has priced it. Prices are what this client is
    expected to pay: less what their fee agreement takes off.
    """
    today = at.astimezone(program.location.zone).date()
    ahead = Session.objects.filter(program=program, status__in=AHEAD, starts_at__gte=at)
    first = ahead.exclude(status=Session.Status.HELD).order_by("starts_at").first()
    service_on = first.starts_at.astimezone(program.location.zone).date() if first else None
    found = Proposal(
        client=program.client_id,
        program=program.pk,
        scheduled_at=first.created_at if first else None,
        service_on=service_on,
        diagnoses=[program.diagnosis] if program.diagnosis else [],
        drug_unknown=program.protocol.route == Route.INTRANASAL,
    )
    on = service_on or today
    agreement = agreement_on(client=program.client_id, on=on)
    known = {row.code: row for row in ServiceCode.objects.in_force(on).filter(active=True)}
    for code, rendering, quantity in _wanted(program, known):
        row = known.get(code)
        kept = codes.fee_on(code=row, location=program.location_id, on=on) if row is not None else None
        if row is None or quantity <= 0 or (kept is None and code in DRUGS.values()):
            continue
        fee = kept.amount if kept else None
        due = fee if fee is None or agreement is None else _less(fee, agreement)
        found.items.append(Item(code, row.label, quantity, fee, due, rendering, program.location_id))
    return found


def _less(fee: Decimal, agreement: FeeAgreement) -> Decimal:
    """An expected charge is the price after discounts (45 CFR 149.610(a)(2)(v))."""
    return stays_due(amount=fee, fee=fee, percent=agreement.percent)


def _wanted(program: Program, known: dict[str, ServiceCode]) -> list[tuple[str, UUID, int]]:
    """(code, who renders it, how often), in the order of the course."""
    protocol, done = program.protocol, progress([program])[program.pk]
    therapist = program.therapist_id or program.prescriber_id
    preparations = done["preparation"]["required"] - done["preparation"]["done"]
    doses = done["dosing"]["planned"] - done["dosing"]["done"]
    counted = done["integration"]
    over = sum(count for state, count in counted.items() if state != "open")
    integrations = program.doses_planned - over if protocol.owes_integration else 0
    wanted = [(_therapy(program, SessionKind.PREPARATION, known), therapist, preparations)]
    wanted.append(("KAP-DOSE", therapist, doses))
    if (given := BY_ROUTE.get(Route(protocol.route))) is not None:
        wanted.append((given, program.prescriber_id, doses))
    if (drug := DRUGS.get(Route(protocol.route))) is not None:
        wanted.append((drug, program.prescriber_id, doses))
    wanted.append((_therapy(program, SessionKind.INTEGRATION, known), therapist, integrations))
    return _summed(wanted)


def _therapy(program: Program, kind: SessionKind, known: dict[str, ServiceCode]) -> str:
    """The highest therapy code whose fewest minutes the protocol's session reaches."""
    length = program.protocol.length_of(kind)
    fitting = [code for code in THERAPY if code in known and (known[code].minutes_min or 0) <= length]
    return fitting[0] if fitting else FURTHER[kind]


def _summed(wanted: list[tuple[str, UUID, int]]) -> list[tuple[str, UUID, int]]:
    """One line for a code and clinician: preparation and integration are often the same service."""
    sums: dict[tuple[str, UUID], int] = {}
    for code, rendering, quantity in wanted:
        sums[code, rendering] = sums.get((code, rendering), 0) + max(quantity, 0)
    return [(code, rendering, quantity) for (code, rendering), quantity in sums.items()]
