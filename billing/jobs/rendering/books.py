"""The ledger in double entry, as Beancount reads it. It names no client and no service: an id leads back to the row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from billing.jobs.selectors import Entry
from kapclinic.core import money

RECEIVABLE = "Assets:Receivable"
SERVICES = "Income:Services"
ADJUSTMENTS = "Income:Adjustments"  # what was taken off charges, and put on them
CREDIT = "Liabilities:Clients"  # money of clients that pays no charge yet


def accounts_of(entry: Entry) -> tuple[str, str]:
    """(debited, credited) by the amount of the entry: a reversal has the other sign, and so turns both round."""
    kind = entry.type.removesuffix("_reversal")
    tender = f"Assets:Money:{''.join(word.title() for word in entry.method.split('_'))}"
    return {
        "charge": (RECEIVABLE, SERVICES),
        "adjustment": (RECEIVABLE, ADJUSTMENTS),
        "payment": (tender, CREDIT),
        "share": (CREDIT, RECEIVABLE),
        "refund": (CREDIT, tender),
    }[kind]


def as_beancount(entries: Sequence[Entry], *, from_date: date) -> bytes:
    """Text with each account opened before it is used and each transaction balanced to the cent."""
    return ("\n".join(_lines(entries, from_date=from_date)) + "\n").encode()


def _lines(entries: Sequence[Entry], *, from_date: date) -> Iterator[str]:
    yield 'option "operating_currency" "USD"'
    yield ""
    opened = min([from_date, *(entry.day for entry in entries)])
    for account in sorted({account for entry in entries for account in accounts_of(entry)}):
        yield f"{opened.isoformat()} open {account} USD"
    for entry in entries:
        debited, credited = accounts_of(entry)
        amount = money.cents(entry.amount)
        yield ""
        yield f'{entry.day.isoformat()} * "{entry.type.replace("_", " ")}"'
        yield f'  id: "{entry.id}"'
        if entry.reverses is not None:
            yield f'  reverses: "{entry.reverses}"'
        yield f"  {debited}  {amount} USD"
        yield f"  {credited}  {-amount} USD"
