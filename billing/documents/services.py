"""Issue superbills and receipts: numbered without a gap, then closed for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NotRequired, TypedDict, TypeVar
from uuid import UUID

from django.db import connection, transaction

from billing.coverages.selectors import filing_of, subscriber_on
from billing.documents import rendering, rules, selectors
from billing.documents.models import (
    Document,
    DocumentCounter,
    Receipt,
    ReceiptVoid,
    Superbill,
    SuperbillVoid,
)
from billing.documents.rules import Series
from billing.documents.rules.left_out import LeftOut
from billing.ledger.models import Charge
from billing.ledger.rules.record import NOT_IN_RECORD
from billing.ledger.services.allocations import lock_ledger
from billing.ledger.services.overtaken import overtaken_errors
from kapclinic.core import paper, transitions
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.practice.models import Client, Location, User
from kapclinic.practice.selectors import person

Kind = TypeVar("Kind", Superbill, Receipt)
NEXT = "UPDATE billing_documentcounter SET last = last + 1 WHERE series = %s AND year = %s RETURNING last"


class Period(TypedDict):
    """Both days inclusive; `location` narrows it, `corrects` names the document that the new one replaces."""

    client: UUID
    from_date: date
    to_date: date
    location: NotRequired[UUID]
    corrects: NotRequired[UUID | None]


class NothingToBill(Conflict):
    code, title = "nothing_to_bill", "No rendered, signed service is charged in this period"


class NothingPaid(Conflict):
    code, title = "nothing_paid", "No medical service of this period is paid"


class Incomplete(Conflict):
    code, title = "incomplete", "The document would lack what it must say"


class AlreadyCorrected(Conflict):
    code, title = "already_corrected", "This document was replaced already"


class Voided(Conflict):
    code, title = "voided", "This document was voided"


class NameNotPrintable(Conflict):
    code, title = "name_not_printable", "A character of a name or an address has no form in our fonts"


@transaction.atomic
def issue_superbill(*, values: Period, by: User, at: datetime, only_new: bool = False) -> Superbill:
    """Put the rendered, signed services of a client and period on a numbered paper (R12).

    `only_new` leaves out what stands on another superbill that was not replaced, nor is by this one.

    :raises Invalid: for a client, location or document that the actor can't see, a reversed period, or lines of two
        billing providers
    :raises NothingToBill: when no standing charge with a public code lies in the period
    :raises Incomplete: naming each field that no payer does without
    :raises AlreadyCorrected: when the document to correct was replaced
    :raises Voided: when it was voided
    :raises NameNotPrintable: when the paper would show a blank box for a character
    """
    row, _ = _superbill(values=values, by=by, at=at, only_new=only_new)
    row.number = next_number(rules.SUPERBILL, row.issued_on.year)
    _print(row, rules.SUPERBILL, at=at)
    row.insert_by(by, at=at)
    return row


@transaction.atomic
def void_document(*, document: Kind, reason: str, by: User, at: datetime) -> Kind:
    """Say that a superbill or receipt counts for nothing any more, where no other stands for it: nothing is left to put
    on one, or it was a mistake. Its number is never used again and its bytes stay; what still stands of it may go on a
    new one. The ledger is left as it is.

    :raises IllegalTransition: once it is voided or replaced
    """
    lock_ledger(document.client_id)
    row: Kind = selectors.documents(type(document)).get(pk=document.pk)
    transitions.apply(rules.DOCUMENT_MOVES, "void", instance=row, by=by)
    void = SuperbillVoid(superbill=row) if isinstance(row, Superbill) else ReceiptVoid(receipt=row)
    void.reason = reason
    void.insert_by(by, at=at)
    return row


def _refuse_false(lines: Sequence[Charge], missing: Sequence[FieldError]) -> None:
    """:raises Incomplete: for what is missing, and once for each line that the record contradicts"""
    told = {error.pointer.rpartition("/")[0] for error in missing if error.code == NOT_IN_RECORD}
    others = [error for error in overtaken_errors(lines) if error.pointer.rpartition("/")[0] not in told]
    _refuse([*missing, *others])


def _refuse(errors: Sequence[FieldError]) -> None:
    """:raises Incomplete: when there are any"""
    if errors:
        raise Incomplete("; ".join(error.detail for error in errors), errors=errors)


@dataclass(frozen=True)
class Preview:
    """A superbill that was not issued: no number, no row; and the sessions of the period that it leaves out."""

    row: Superbill
    left_out: list[LeftOut]


def preview_superbill(*, values: Period, by: User, at: datetime, only_new: bool = False) -> Preview:
    """What `issue_superbill` would put on paper now; it refuses what that refuses, and writes nothing.

    :raises NothingToBill: with `left_out`, each session of the period and why it is not on the paper
    """
    try:
        row, lines = _superbill(values=values, by=by, at=at, only_new=only_new, looks=True)
    except NothingToBill as refusal:
        told = selectors.left_out(
            client=values["client"],
            from_date=values["from_date"],
            to_date=values["to_date"],
            location=values.get("location"),
            lines=_lines_of(values, by, only_new=only_new)[1],
            user=by,
        )
        raise NothingToBill(refusal.detail, left_out=[one.as_dict() for one in told]) from refusal
    _print(row, rules.SUPERBILL, at=at)
    row.replaced_by, row.outdated = None, False
    left_out = selectors.left_out(
        client=row.client_id,
        from_date=row.from_date,
        to_date=row.to_date,
        location=values.get("location"),
        lines=lines,
        user=by,
    )
    return Preview(row, left_out)


def _lines_of(values: Period, by: User, *, only_new: bool) -> tuple[list[Charge], list[Charge]]:
    return _parted(_begin(values, by, looks=True)[1], values, only_new=only_new)


def _parted(
    charges: Sequence[Charge], values: Period, *, only_new: bool
) -> tuple[list[Charge], list[Charge]]:
    """The lines of a superbill, and those that it leaves to other papers."""
    public = [charge for charge in charges if rules.is_payers(charge)]
    lines = selectors.on_no_superbill(public, but=values.get("corrects")) if only_new else public
    return lines, [charge for charge in public if charge not in lines]


def _superbill(
    *, values: Period, by: User, at: datetime, only_new: bool, looks: bool = False
) -> tuple[Superbill, list[Charge]]:
    """The paper without its number, and its lines with those of other papers that it leaves to them. Who only `looks`
    locks nothing.
    """
    client, charges = _begin(values, by, looks=looks)
    lines, elsewhere = _parted(charges, values, only_new=only_new)
    location, issued_on = _place(lines, values, at=at, otherwise=NothingToBill)
    lines = [line for line in lines if line.date_of_service <= issued_on]
    borne = selectors.borne(lines)
    codes = rules.letters_of(lines)
    _refuse_false(lines, rules.missing(location=location, charges=lines, codes=codes, borne=borne))
    corrects = _corrected(Superbill, values, client, by=by)
    filing = filing_of(client=client.pk, dates_of_service={line.date_of_service for line in lines})
    content = rules.superbill_content(
        location=location,
        client=client,
        charges=lines,
        described=selectors.descriptions(codes, on=lines[-1].date_of_service),
        payments=selectors.payments_of(lines),
        submit_by=filing.submit_by,
        borne=borne,
        subscriber=_subscriber(client, on=lines[-1].date_of_service),
    )
    warnings = rules.superbill_warnings(
        location=location,
        client=client,
        charges=lines,
        left_out=sum(not rules.is_payers(charge) for charge in charges),
        elsewhere=selectors.numbers_with(Superbill, lines, but=corrects.pk if corrects else None),
        payers=filing.payers,
        dropped=selectors.dropped(corrects, lines),
    )
    row = Superbill(
        client=client, location=location, issued_on=issued_on, corrects=corrects, warnings=warnings
    )
    _settle(row, lines=lines, content=content, values=values)
    return row, [*lines, *elsewhere]


@transaction.atomic
def issue_receipt(*, values: Period, by: User, at: datetime) -> Receipt:
    """Put the paid medical services of a client and period on a numbered receipt without codes and diagnoses.

    :raises Invalid: as `issue_superbill`
    :raises NothingPaid: when no rendered medical service of the period is paid
    :raises Incomplete: naming each line that the record contradicts
    :raises AlreadyCorrected: when the receipt to correct was replaced
    :raises Voided: when it was voided
    :raises NameNotPrintable: as `issue_superbill`
    """
    client, charges = _begin(values, by)
    lines = selectors.paid_medical(charges)
    location, issued_on = _place(lines, values, at=at, otherwise=NothingPaid)
    _refuse(overtaken_errors(lines))
    content = rules.receipt_content(
        location=location, client=client, charges=lines, payments=selectors.payments_of(lines)
    )
    corrects = _corrected(Receipt, values, client, by=by)
    warnings = rules.receipt_warnings(
        elsewhere=selectors.numbers_with(Receipt, lines, but=corrects.pk if corrects else None),
        dropped=selectors.dropped(corrects, lines),
    )
    row = Receipt(client=client, location=location, issued_on=issued_on, corrects=corrects, warnings=warnings)
    _settle(row, lines=lines, content=content, values=values)
    row.number = next_number(rules.RECEIPT, row.issued_on.year)
    _print(row, rules.RECEIPT, at=at)
    row.insert_by(by, at=at)
    return row


def _subscriber(client: Client, *, on: date) -> dict[str, object] | None:
    """Whose plan insures the client on that day; None where no payer is known."""
    found = subscriber_on(client=client.pk, on=on)
    return None if found is None else {**found, "address": rules.address_lines(found["address"])}


def _begin(values: Period, by: User, *, looks: bool = False) -> tuple[Client, Sequence[Charge]]:
    """Lock the client's ledger, unless somebody only looks; returns the client and the period's standing charges."""
    client: Client | None = Client.objects.visible_to(by).filter(pk=values["client"]).first()
    if client is None:
        raise Invalid.field("client", "There is no such client for you.", code="not_found")
    errors = []
    if values["to_date"] < values["from_date"]:
        errors.append(FieldError("/to_date", "reversed", "The period ends before it begins."))
    if values.get("location") is not None and values["location"] not in by.locations:
        errors.append(FieldError("/location", "not_found", "There is no such location for you."))
    merge(errors)
    if not looks:
        lock_ledger(client.pk)
    charges = selectors.rendered_charges(
        client=client.pk,
        from_date=values["from_date"],
        to_date=values["to_date"],
        location=values.get("location"),
        user=by,
    )
    return client, list(charges)


def _place(
    lines: Sequence[Charge], values: Period, *, at: datetime, otherwise: type[Conflict]
) -> tuple[Location, date]:
    """Who bills these lines, and the day there: the latest line's location, when all bill under one EIN."""
    if not lines:
        raise otherwise(f"Nothing from {values['from_date']} to {values['to_date']}.")
    if len({line.location.ein for line in lines if line.location.ein}) > 1:
        detail = (
            "The lines belong to two billing providers: name one location, and issue one document for each."
        )
        raise Invalid.field("location", detail, code="several_billing_providers")
    location: Location = lines[-1].location
    return location, at.astimezone(location.zone).date()


def _corrected(model: type[Kind], values: Period, client: Client, *, by: User) -> Kind | None:
    """The document to replace: one that the actor sees, with every line of it."""
    if values.get("corrects") is None:
        return None
    visible = selectors.documents(model).visible_to(by)
    old: Kind | None = visible.filter(pk=values["corrects"], client__in=person(client.pk)).first()
    if old is None:
        detail = "There is no such document of this client for you."
        raise Invalid.field("corrects", detail, code="not_found")
    if old.voided_at is not None:
        raise Voided(f"{old.number} was voided: issue a new one that replaces none.")
    if old.replaced_by is not None:
        raise AlreadyCorrected(f"{old.number} was replaced by {old.replaced_by}: correct that one.")
    return old


def next_number(series: Series, year: int) -> str:
    """The next number of a series in a year. Its row stays locked to the end of the transaction: no gap, no repeat."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [series.name, year])
        if (row := cursor.fetchone()) is None:  # the first of the year
            DocumentCounter.objects.get_or_create(series=series.name, year=year)
            cursor.execute(NEXT, [series.name, year])
            row = cursor.fetchone()
    return series.number(year, row[0])


def _settle(row: Document, *, lines: Sequence[Charge], content: dict[str, object], values: Period) -> None:
    """Say what the document is about: its content is settled, its number and its bytes are not."""
    row.from_date, row.to_date = values["from_date"], values["to_date"]
    row.charges = [line.pk for line in lines]
    row.locations = sorted({line.location_id for line in lines})
    row.content = content


def _print(row: Document, series: Series, *, at: datetime) -> None:
    """Make the bytes of a document, with its number where it has one.

    :raises NameNotPrintable: when a character has no form in our fonts
    """
    row.content |= rules.heading(
        number=row.number or None,
        issued_on=row.issued_on,
        from_date=row.from_date,
        to_date=row.to_date,
        corrects=row.corrects.number if row.corrects else "",
    )
    row.pdf, complete = rendering.render_pdf(template=series.template, content=row.content, at=at)
    if not complete:
        raise NameNotPrintable("Write the name or address in letters that the paper can show.")
    row.sha256 = paper.fingerprint(row.pdf)


def pdf_of(model: type[Document], *, document_id: UUID) -> bytes:
    """The bytes that were issued."""
    return bytes(model.objects.values_list("pdf", flat=True).get(pk=document_id))
