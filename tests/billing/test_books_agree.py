"""Any order of charge, adjust, pay, allocate, refund, reverse and package: books, account and reports say the same."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.jobs import selectors as jobs
from billing.jobs.models import Kind
from billing.jobs.rendering.books import as_beancount
from billing.jobs.selectors import Scope
from billing.ledger import selectors as ledger
from billing.models import Adjustment, Charge, PackagePurchase, Payment, PaymentAllocation, Refund
from billing.packages import selectors as packages
from billing.reports import rules, selectors
from billing.statements.selectors import account
from kapclinic.core import clock, money
from sessions.booking.models import Session
from tests.billing import test_money as plain
from tests.billing import test_package_guards as prepaid
from tests.billing.shop import own_code
from tests.billing.test_exports import judged
from tests.billing.test_money import check, total
from tests.billing.till import NOW, Till

ACTS = plain.ACTS | prepaid.ACTS
MONEY = "Assets:Money:"  # by the way in which it came
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def check_books(till: Till) -> None:
    """The export balances entry by entry, and its accounts are the sums of the ledger."""
    places = list(till.cast.billing.locations)
    entries = jobs.entries(Kind.BEANCOUNT, Scope(FIRST, LAST, places, places))
    balances = judged(as_beancount(entries, from_date=FIRST).decode())
    waits = [row.pk for row in ledger.charges() if row.in_review]  # in no book before the director's word
    charged = total(Charge.objects.exclude(pk__in=waits))
    changed, shared = (
        total(model.objects.exclude(charge__in=waits)) for model in (Adjustment, PaymentAllocation)
    )
    paid, back = total(Payment.objects), total(Refund.objects)
    kept = {
        "Assets:Receivable": charged + changed - shared,
        "Income:Services": -charged,
        "Income:Adjustments": -changed,
        "Liabilities:Clients": -(paid - back - shared),
    }
    assert {name: balances[name] for name in kept} == kept
    assert sum(held for name, held in balances.items() if name.startswith(MONEY)) == paid - back
    assert sum(balances.values()) == 0


def check_reports(till: Till) -> None:
    """The account's figures are those of the reports, and each report's sum is that of its rows."""
    told = account(client=till.client.pk, locations=till.client.locations, at=NOW)
    asked = rules.asked(
        locations=tuple(till.cast.billing.locations), location=None, from_date=FIRST, to_date=LAST, at=NOW
    )
    ages = selectors.ageing(asked)
    assert {name: ages.totals[name] for name in told.ageing} == told.ageing
    assert ages.totals["balance"] == money.total(row["balance"] for row in ages.rows[0:200])
    came = selectors.deposits(asked)
    assert came.totals["net"] == told.payments - told.refunds
    given_up = selectors.write_offs(asked)
    lost = Adjustment.objects.filter(reason__in=selectors.GIVEN_UP)
    assert given_up.totals["amount"] == total(lost)
    owed = selectors.package_liability(asked).totals
    standing = packages.purchases().filter(cancellation__isnull=True)
    assert owed["closing"] == money.total(row.unused for row in standing)
    assert owed["opening"] + owed["sold"] - owed["drawn"] - owed["returned"] == owed["closing"]
    assert told.balance == money.total(told.ageing.values()) - told.credit


@pytest.fixture
def hour(till: Till) -> Session:
    """Built before the first example, which takes back all that it wrote."""
    own_code(till)
    plain.give_a_free_code(till)
    return till.hour


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=6, max_size=20))
def test_every_order_of_acts_tells_one_story(till: Till, hour: Session, acts: list[Any]) -> None:
    with transaction.atomic():
        shop = prepaid.Shop(till)
        for first in (
            ("buy", 2, Decimal("33.33")),
            ("charge", Decimal("180.00")),
            ("charge", Decimal("75.35")),
        ):
            shop.try_act(*first)
        check(till.client)
        for act in acts:
            if shop.try_act(*act):
                check(till.client)
        prepaid.check_packages()
        check_books(till)
        check_reports(till)
        transaction.set_rollback(True)
    assert not Charge.objects.exists()


def test_each_kind_of_act_succeeds_somewhere(till: Till, hour: Session) -> None:
    """The property above would hold of a ledger that refuses everything: this one shows that it does not."""
    shop = prepaid.Shop(till)
    acts: tuple[tuple[Any, ...], ...] = (
        ("buy", 3, Decimal("60.00")),
        ("charge", Decimal("180.00")),  # drawn
        ("pay", Decimal("80.00"), []),
        ("cancel", 0),
        ("charge", Decimal("100.00")),
        ("allocate", 1, 1, Decimal("10.00")),
        ("adjust", 1, Decimal("-35.00"), "write_off"),
        ("refund", 1, Decimal("40.00")),
        ("reverse_refund", 0),
        ("reverse_adjustment", 0),
        ("reverse_charge", 0),
        ("reverse_payment", 0),
    )
    for act in acts:
        shop.try_act(*act)
        check(till.client)
        prepaid.check_packages()
        check_books(till)
        check_reports(till)
    assert shop.done == {act[0]: 2 if act[0] == "charge" else 1 for act in acts} | {"charge": 2}
    assert PackagePurchase.objects.count() == 1
    with clock.fixed(NOW + timedelta(days=40)):
        check_books(till)
