"""Issue statements: numbered without a gap, then closed for good. Tell what a payment was for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from billing.documents import rendering
from billing.documents.rules import heading
from billing.documents.services import Incomplete, next_number
from billing.ledger.models import Payment
from billing.ledger.services.allocations import AlreadyReversed, NotReversible, lock_ledger
from billing.ledger.services.overtaken import contradicted
from billing.statements import rules, selectors
from billing.statements.models import Statement
from billing.statements.rules import Entry, Kind
from kapclinic.core import money, paper
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.practice.models import Client, Location, User


class StatementOrder(TypedDict):
    """Both days inclusive; `location` narrows it."""

    client: UUID
    from_date: date
    to_date: date
    location: NotRequired[UUID]


class NothingToState(Conflict):
    code, title = (
        "nothing_to_state",
        "Nothing was charged or paid in this period, and nothing was owed before",
    )


class NotPrintable(Conflict):
    code, title = "name_not_printable", "A character has no form in our fonts"


@transaction.atomic
def issue_statement(*, values: StatementOrder, by: User, at: datetime) -> Statement:
    """Put what a client was charged, paid and owes on a numbered paper.

    :raises Invalid: for a client or location that the actor can't see, a reversed period, or rows of two billing
        providers
    :raises NothingToState: when there is no row in the period and nothing was owed or left before it
    :raises Incomplete: naming each charge that the record contradicts
    :raises NotPrintable: when the paper would have blank boxes
    """
    client, locations = _asked(values, by)
    lock_ledger(client.pk)
    rows = selectors.entries(client=client.pk, locations=locations, until=values["to_date"])
    opening = money.total(row.amount for row in rows if row.on < values["from_date"])
    lines = [row for row in rows if row.on >= values["from_date"]]
    if not lines and opening == 0:
        raise NothingToState(f"Nothing from {values['from_date']} to {values['to_date']}.")
    _refuse_contradicted(lines)
    location, owed = _issuer(rows), selectors.account(client=client.pk, locations=locations, at=at).owes
    row = Statement(
        client=client,
        location=location,
        locations=sorted({entry.location.pk for entry in rows}),
        from_date=values["from_date"],
        to_date=values["to_date"],
        issued_on=at.astimezone(location.zone).date(),
        charges=[entry.source for entry in lines if entry.kind == Kind.CHARGE],
        content=rules.statement_content(
            location=location, client=client, entries=lines, opening=opening, to_pay=owed
        ),
    )
    return _close(row, by=by, at=at)


def _asked(values: StatementOrder, by: User) -> tuple[Client, Collection[UUID]]:
    """The client, and the locations whose money the statement is about."""
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    errors = []
    if values["to_date"] < values["from_date"]:
        errors.append(FieldError("/to_date", "reversed", "The period ends before it begins."))
    named = values.get("location")
    if named is not None and named not in by.locations:
        errors.append(FieldError("/location", "not_found", "There is no such location for you."))
    merge(errors)
    return client, by.locations if named is None else [named]


def _refuse_contradicted(lines: Sequence[Entry]) -> None:
    """:raises Incomplete: for a service that the record does not bear out any more"""
    told = contradicted([row.source for row in lines if row.kind == Kind.CHARGE])
    errors = [
        FieldError(f"/lines/{i}", "not_in_record", told[row.source][1])
        for i, row in enumerate(lines)
        if row.source in told
    ]
    if errors:
        raise Incomplete("; ".join(error.detail for error in errors), errors=errors)


def _issuer(rows: Sequence[Entry]) -> Location:
    """Who bills: the location of the latest row, when all bill under one EIN."""
    if len({row.location.ein for row in rows if row.location.ein}) > 1:
        detail = (
            "The rows belong to two billing providers: name one location, and issue one statement for each."
        )
        raise Invalid.field("location", detail, code="several_billing_providers")
    return rows[-1].location


def _close(row: Statement, *, by: User, at: datetime) -> Statement:
    """Number, print and keep a statement whose content is settled."""
    row.number = next_number(rules.STATEMENT, row.issued_on.year)
    row.content = row.content | heading(
        number=row.number,
        issued_on=row.issued_on,
        from_date=row.from_date,
        to_date=row.to_date,
        corrects="",
    )
    row.pdf, complete = rendering.render_pdf(template=rules.STATEMENT.template, content=row.content, at=at)
    if not complete:
        raise NotPrintable(
            "A name or a word of this statement can't be printed: mend it, or tell who looks after it."
        )
    row.sha256 = paper.fingerprint(row.pdf)
    return row.insert_by(by, at=at)


def receipt_of(*, payment: Payment, at: datetime) -> dict[str, object]:
    """What a payment was for, as the books say now.

    :raises AlreadyReversed: for a payment that was taken back
    :raises NotReversible: for the row that takes it back
    """
    if payment.reverses_id is not None:
        raise NotReversible("This row takes a payment back: there is no receipt for it.")
    if payment.reversed_by is not None:
        raise AlreadyReversed("This payment was taken back.", reversed_by=str(payment.reversed_by))
    on = at.astimezone(payment.location.zone).date()
    lines = selectors.paid_lines(payment)
    gone = {str(pk) for pk in contradicted([UUID(line["charge"]) for line in lines])}
    return rules.payment_receipt(payment, lines=[line for line in lines if line["charge"] not in gone], on=on)


def print_receipt(*, payment: Payment, at: datetime) -> bytes:
    """The same on paper.

    :raises NotPrintable: when it would have blank boxes
    """
    content = receipt_of(payment=payment, at=at)
    pdf, complete = rendering.render_pdf(template="payment.typ", content=content, at=at)
    if not complete:
        raise NotPrintable("A name on this receipt can't be printed.")
    return pdf
