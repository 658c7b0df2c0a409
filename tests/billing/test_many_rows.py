"""Lists and accounts cost as many queries for fifty rows as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.ledger.services import adjustments, payments
from billing.models import Adjustment, Charge, Payment, PaymentAllocation, SlidingScale, Statement
from billing.scales import services as scales
from kapclinic.practice.models import SYSTEM
from tests.asking import done
from tests.billing.test_guards import twin
from tests.billing.till import NOW, Till
from tests.cast import charged

FIRST = date(2026, 1, 1)


def _more_of(model: type[Any], **changes: Any) -> Any:
    """Once more the first row of a model: what costs is to read many, not to write them."""
    row = model.objects.order_by("created_at", "pk").first()
    return twin(row, **changes).insert_by(SYSTEM, at=NOW)


def _pay_a_charge(till: Till, n: int) -> None:
    if n:
        payment, charge = _more_of(Payment), _more_of(Charge)
        _more_of(PaymentAllocation, payment_id=payment.pk, charge_id=charge.pk)
        return
    charge = charged(till.cast, till.hour, "10.00")
    values: Any = {
        "client": till.client.pk,
        "amount": Decimal("2.00"),
        "method": "cash",
        "received_on": NOW.date(),
        "allocations": [{"charge": charge.pk, "amount": Decimal("1.00")}],
    }
    payments.take_payment(values=values, by=till.cast.billing, at=NOW)


def _adjust(till: Till, n: int) -> None:
    if n:
        _more_of(Adjustment, charge_id=_more_of(Charge).pk)
        return
    charge = charged(till.cast, till.hour, "10.00")
    values: Any = {"charge": charge.pk, "amount": Decimal("-1.00"), "reason": "courtesy"}
    adjustments.adjust_charge(values=values, by=till.cast.billing, at=NOW)


def _scale(till: Till, n: int) -> SlidingScale:
    values: Any = {
        "name": f"Scale {n}",
        "valid_from": FIRST,
        "tiers": [{"name": "A", "percent": Decimal(60)}],
    }
    return scales.save_scale(scale=None, values=values, by=till.cast.billing, at=NOW)


def _agreement(till: Till, n: int) -> None:
    day = FIRST + timedelta(days=n)
    scale = SlidingScale.objects.first() or _scale(till, n)
    values: Any = {
        "client": till.client.pk,
        "scale": scale.pk,
        "tier": "A",
        "from_date": day,
        "to_date": day,
        "basis": "letter seen",
    }
    scales.agree_fees(values=values, by=till.cast.billing, at=NOW)


def _statement(till: Till, n: int) -> None:
    """Issued once; the rest are the same paper under other numbers."""
    if n == 0:
        till.charge()
        till.desk.must("statements/", till.period(), status=201)
        return
    _more_of(Statement, number=f"S-2026-{n + 1:06d}")


ACCOUNT = "clients/{client}/account/"
MANY: tuple[tuple[Callable[[Till, int], Any], dict[str, int]], ...] = (
    # how to make the nth row; the addresses that show it, and the most queries of each beside the audit event
    (_adjust, {"adjustments/": 3, "charges/": 3}),
    (_scale, {"sliding-scales/": 3}),
    (_agreement, {"fee-agreements/": 3}),
    (_statement, {"statements/": 3}),
    (_pay_a_charge, {"payments/": 3, ACCOUNT: 4}),  # who asks, which client, charges, payments
)


@pytest.mark.parametrize(("make", "most"), MANY, ids=[", ".join(addresses) for _, addresses in MANY])
def test_fifty_rows_cost_no_more_queries_than_one(
    till: Till, make: Callable[[Till, int], Any], most: dict[str, int]
) -> None:
    def queries(address: str) -> list[str]:
        path = address.format(client=till.client.pk)
        with CaptureQueriesContext(connection) as captured:
            body = done(till.desk.get(path, **({} if address == ACCOUNT else {"page_size": "200"})), 200)
        assert body.get("count", n + 1) == n + 1
        found = [query["sql"] for query in captured.captured_queries]
        return [sql for sql in found if not sql.startswith(("INSERT INTO", "SAVEPOINT", "RELEASE"))]

    n = 0
    make(till, n)
    few = {address: len(queries(address)) for address in most}
    for n in range(1, 50):
        make(till, n)
    assert {address: len(queries(address)) for address in most} == few
    assert {address: few[address] for address in most if few[address] > most[address]} == {}
