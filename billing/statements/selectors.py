"""Questions to the statements: the account, the rows of a statement, what a payment was for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from billing.documents.models import DocumentQuerySet
from billing.documents.rules import text
from billing.ledger import selectors as ledger
from billing.ledger.models import Adjustment, Charge, Payment, Refund
from billing.ledger.rules import HEALTH_CARDS, HEALTH_KINDS
from billing.packages import selectors as packages
from billing.statements import rules
from billing.statements.models import Statement
from billing.statements.rules import Account, Charged, Entry, Kind, Paid, Standing
from billing.statements.sql import OUTDATED, Accounts
from kapclinic.core.statements import Row
from kapclinic.practice.selectors import person


def account(*, client: UUID, locations: Collection[UUID], at: datetime) -> Account:
    """What the person owes at these locations, as the ledger has it: two queries, whatever there is."""
    charges = ledger.charges().filter(client__in=person(client), location__in=locations)
    owed = charges.values_list(
        *("amount", "adjusted", "balance", "paid", "in_review", "line_kind", "date_of_service"),
        "location__time_zone",
        named=True,
    )
    payments = ledger.payments().filter(client__in=person(client), location__in=locations)
    kept = payments.annotate(kept=packages.kept_of_payment())
    came = kept.values_list("amount", "refunded", "unallocated", "kept", "method", named=True)
    return rules.account_of(
        [
            Charged(
                amount=row.amount,
                adjusted=row.adjusted,
                balance=row.balance,
                paid=row.paid,
                in_review=row.in_review,
                private=row.line_kind not in HEALTH_KINDS,
                age=(at.astimezone(ZoneInfo(row.location__time_zone)).date() - row.date_of_service).days,
            )
            for row in owed
        ],
        [
            Paid(row.amount, row.refunded, row.unallocated, row.kept, row.method in HEALTH_CARDS)
            for row in came
        ],
    )


def accounts(*, locations: Collection[UUID], state: str | None, at: datetime) -> Accounts:
    """Every person who owes money at these locations or has some there, of a `state` if one is named: the oldest debt
    first, and of debts as old the greatest; who owes nothing comes last. Read by a slice, one statement each.
    """
    return Accounts(places=tuple(locations), state=state, at=at)


def standing_of(row: Row) -> Standing:
    """How the person of a row of `accounts` stands."""
    ageing = {name: row[name] for name in (*(name for name, _ in rules.AGES), rules.OLDEST)}
    return Standing(ageing, **{name: row[name] for name in ("credit", "prepaid", "health_credit", "owes")})


def statements() -> DocumentQuerySet:
    """Statements without their bytes. `outdated`: a row of its period, or from before, was written afterwards, or rows
    on it are of somebody else since a merge was taken back.
    """
    plain: DocumentQuerySet = Statement.objects.defer("pdf")
    found: DocumentQuerySet = plain.annotate(
        replaced_by=F("corrected_by__number"),
        outdated=RawSQL(OUTDATED, (), output_field=BooleanField()),  # noqa: S611  (no value in it)
    )
    return found


def entries(*, client: UUID, locations: Collection[UUID], until: date) -> list[Entry]:
    """The rows of the books of a person at these locations, up to a day, in the order of their days.

    A charge that was reversed is left out with all that hangs on it: it adds up to nothing on its own day.
    """
    rows = [
        *_charges(client, locations, until),
        *_adjustments(client, locations),
        *_payments(client, locations, until),
        *_refunds(client, locations),
    ]
    order = list(Kind)
    return sorted(
        (row for row in rows if row.on <= until), key=lambda row: (row.on, order.index(row.kind), row.source)
    )


def _standing() -> QuerySet[Charge]:
    """Charges that stand; one above the fee is on no paper until the medical director confirms it."""
    found: QuerySet[Charge] = Charge.objects.filter(reverses__isnull=True, reversal__isnull=True)
    return found.filter(Q(needs_review=False) | Q(confirmation__isnull=False))


def _charges(client: UUID, locations: Collection[UUID], until: date) -> Iterator[Entry]:
    rows = _standing().filter(client__in=person(client), location__in=locations, date_of_service__lte=until)
    for row in rows.select_related("location"):
        yield Entry(Kind.CHARGE, row.pk, row.date_of_service, row.label, row.amount, row.location)


def _adjustments(client: UUID, locations: Collection[UUID]) -> Iterator[Entry]:
    """Each on the day on which it was made; what a fee agreement took off at once, on the day of the service."""
    rows = Adjustment.objects.filter(
        Exists(_standing().filter(pk=OuterRef("charge"))),
        charge__client__in=person(client),
        charge__location__in=locations,
    )
    for row in rows.select_related("charge__location"):
        place, at_once = row.charge.location, row.agreement_id is not None and row.reverses_id is None
        on = row.charge.date_of_service if at_once else row.created_at.astimezone(place.zone).date()
        words = f"{_taken_back(row)}{rules.WORDS[row.reason]}: {row.charge.label}"
        yield Entry(Kind.ADJUSTMENT, row.pk, on, words, row.amount, place)


def _payments(client: UUID, locations: Collection[UUID], until: date) -> Iterator[Entry]:
    rows = Payment.objects.filter(client__in=person(client), location__in=locations, received_on__lte=until)
    for row in rows.select_related("location"):
        words = f"{_taken_back(row)}Payment, {rules.METHODS[row.method]}"
        yield Entry(Kind.PAYMENT, row.pk, row.received_on, words, -row.amount, row.location)


def _refunds(client: UUID, locations: Collection[UUID]) -> Iterator[Entry]:
    rows = Refund.objects.filter(payment__client__in=person(client), payment__location__in=locations)
    for row in rows.select_related("payment__location"):
        place = row.payment.location
        on = row.created_at.astimezone(place.zone).date()
        words = f"{_taken_back(row)}Refund, {rules.METHODS[row.method]}"
        yield Entry(Kind.REFUND, row.pk, on, words, row.amount, place)


def _taken_back(row: Adjustment | Payment | Refund) -> str:
    return "Taken back: " if row.reverses_id is not None else ""


def paid_lines(payment: Payment) -> list[dict[str, str]]:
    """What the payment pays, by day of service, in words: no code, no diagnosis.

    A charge above the fee is on no paper until the medical director confirms it.
    """
    shares = ledger.standing_allocations().filter(payment=payment, charge__in=_standing())
    rows = shares.select_related("charge").order_by("charge__date_of_service", "created_at", "pk")
    return [
        {
            "charge": str(row.charge_id),
            "date_of_service": row.charge.date_of_service.isoformat(),
            "description": row.charge.label,
            "amount": text(row.amount),
        }
        for row in rows
    ]
