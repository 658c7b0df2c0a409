"""The biller's month in the demo clinic: some of it is charged and paid, one superbill is out, and the rest waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kapclinic.practice.management.demo.desk import Desk, get, post

EACH = 2  # sessions of each client that are charged
DEARER = {"amount": "195.00", "amount_reason": "Demo: the session ran long."}
Rows = Sequence[dict[str, Any]]


def bill(desk: Desk, *, where: str, today: date) -> None:
    """Of the first client all that is charged is paid and on paper, of the second a part is paid; one line of theirs is
    dearer than the list and waits for the director. An export of the superbills is asked for.
    """
    found = get(desk, "billing-worklist/", state="ready", location=where, page_size=200)["results"]
    clients = list(dict.fromkeys(row["client"]["id"] for row in found))[:2]
    first, second = ([row for row in found if row["client"]["id"] == who][:EACH] for who in clients)
    charges = _charged(desk, first)
    _paid(desk, charges, today=today, parts=[Decimal(row["amount"]) for row in charges])
    period = {"from_date": first[0]["session"]["date"], "to_date": today.isoformat(), "location": where}
    post(desk, "superbills/", period | {"client": clients[0]})
    post(desk, "exports/", period | {"kind": "superbills_zip"})
    charges = _charged(desk, second, dearer=True)
    _paid(desk, charges[:1], today=today, parts=[Decimal("100.00")])


def _charged(desk: Desk, rows: Rows, *, dearer: bool = False) -> Rows:
    """The charges of these sessions as they were proposed; the last line `dearer`, where that is wished."""
    made: list[dict[str, Any]] = []
    for row in rows:
        path = f"sessions/{row['session']['id']}/proposed-charges/"
        lines = get(desk, path)["lines"]
        if dearer and row is rows[-1]:
            lines[-1] |= DEARER
        made += post(desk, path, {"lines": lines})["charges"]
    return made


def _paid(desk: Desk, charges: Rows, *, today: date, parts: Sequence[Decimal]) -> None:
    """One payment by card that goes to these charges."""
    body = {
        "client": charges[0]["client"],
        "amount": str(sum(parts)),
        "method": "card",
        "received_on": today.isoformat(),
        "allocations": [
            {"charge": charge["id"], "amount": str(part)} for charge, part in zip(charges, parts, strict=True)
        ],
    }
    post(desk, "payments/", body)
