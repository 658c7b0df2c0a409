"""Packages in the database, at six desks, and in any order of acts: nothing is overdrawn, no cent is made."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ledger import selectors as ledger
from billing.ledger.services import charges as charging
from billing.models import (
    Charge,
    Package,
    PackageCancellation,
    PackageDraw,
    PackagePurchase,
    Payment,
    PaymentAllocation,
    Refund,
)
from billing.packages import rules, selectors
from billing.packages.services import packages, purchases
from kapclinic.core import clock, money
from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from tests.asking import sql
from tests.billing.shop import bought, cancel, earlier, left, look, offer, own_code, rendered, take_back
from tests.billing.test_concurrency import statuses
from tests.billing.test_guards import insert, twin
from tests.billing.test_money import Ledger, check
from tests.billing.till import NOW, Till
from tests.cast import Cast, charged, client
from tests.racing import race

TABLES = ["packagepurchase", "packagedraw", "packagecancellation"]


# --- by SQL ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_a_purchase_is_changed_or_deleted(till: Till, table: str) -> None:
    sold = bought(till)
    rendered(till)
    cancel(till, sold)
    count = sql(f"SELECT count(*) FROM billing_{table}")
    assert count[0][0] >= 1
    for statement in ("UPDATE billing_{} SET created_by = created_by", "DELETE FROM billing_{}"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sql(statement.format(table))
    found = sql("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", f"billing_{table}")
    assert {f"billing_{table}_append_only", f"billing_{table}_no_truncate"} <= {name for (name,) in found}


def test_a_package_costs_its_items_also_for_the_database(till: Till) -> None:
    row = Package.objects.get(pk=offer(till)["id"])
    row.price += money.CENT
    with pytest.raises(IntegrityError, match="package_sum"), transaction.atomic():
        row.save_by(SYSTEM, at=NOW)
    sold = PackagePurchase.objects.get(pk=bought(till)["id"])
    with pytest.raises(IntegrityError, match="package_purchase_sum"):
        insert(twin(sold, price=sold.price - money.CENT))


def test_a_purchase_is_paid_by_a_payment_of_its_client_that_serves_no_other(till: Till, cast: Cast) -> None:
    sold = PackagePurchase.objects.get(pk=bought(till)["id"])
    with pytest.raises(IntegrityError, match="serves one package"):
        insert(twin(sold))
    small = Payment.objects.get(pk=till.pay("699.98")["id"])
    with pytest.raises(IntegrityError, match="kept for a package"):
        insert(twin(sold, payment_id=small.pk))
    other = till.of(client(cast.north, by=cast.frontdesk, first="Other"))
    theirs = Payment.objects.get(pk=other.pay("699.99")["id"])
    for changes in ({"payment_id": theirs.pk}, {"location_id": cast.south.pk}):
        with pytest.raises(IntegrityError, match="own client"):
            insert(twin(sold, **changes))


def test_nothing_is_drawn_that_was_not_bought(till: Till, cast: Cast) -> None:
    one = [{"code": "90837", "quantity": 1, "unit_amount": "150.00"}]
    sold = bought(till, offer(till, items=one, price="150.00"))
    rendered(till)
    draw = PackageDraw.objects.get()
    more = charged(cast, earlier(till, 1), "150.00", code="90837")
    with pytest.raises(IntegrityError, match="more than was bought"):
        insert(twin(draw, charge_id=more.pk))
    with pytest.raises(IntegrityError, match="at its price"):
        insert(twin(draw, charge_id=more.pk, amount=Decimal("149.99")))
    with pytest.raises(IntegrityError, match="at its price"):
        insert(twin(draw, charge_id=more.pk, position=1))
    with pytest.raises(IntegrityError, match="package_draw_once"):
        insert(twin(draw))
    other = charged(cast, till.hour, "10.00", code=own_code(till))
    theirs = till.of(client(cast.north, by=cast.frontdesk, first="Other"))
    strange = charged(cast, earlier(theirs, 2), "10.00", code="90837")
    for wrong in (other, strange):
        with pytest.raises(IntegrityError, match="rendered sessions"):
            insert(twin(draw, charge_id=wrong.pk))
    take_back(till, {"id": str(draw.charge_id)})
    with pytest.raises(IntegrityError, match="rendered sessions"):
        insert(twin(draw, charge_id=Charge.objects.get(reverses=draw.charge_id).pk))
    with pytest.raises(IntegrityError, match="more than the units"):
        insert(twin(draw, charge_id=more.pk, quantity=2, amount=Decimal("300.00")))
    insert(twin(draw, charge_id=more.pk))
    assert left(till, sold) == [0]


def test_a_cancellation_gives_back_what_was_not_used_and_ends_the_draws(till: Till, cast: Cast) -> None:
    sold = PackagePurchase.objects.get(pk=bought(till)["id"])
    rendered(till)
    ended = {"purchase": sold, "reason": "x"}
    with pytest.raises(IntegrityError, match="was not used"):
        insert(PackageCancellation(amount=sold.price, **ended))
    insert(PackageCancellation(amount=sold.price - Decimal("150.00"), **ended))
    more = charged(cast, earlier(till, 1), "150.00", code="90837")
    with pytest.raises(IntegrityError, match="cancelled"):
        insert(twin(PackageDraw.objects.get(), charge_id=more.pk))


def test_kept_money_is_kept_from_every_other_use(till: Till, cast: Cast) -> None:
    payment = Payment.objects.get(pk=bought(till)["payment"])
    other = charged(cast, till.hour, "10.00", code=own_code(till))
    with pytest.raises(IntegrityError, match="kept for a package"):
        insert(PaymentAllocation(payment=payment, charge=other, amount=money.CENT))
    with pytest.raises(IntegrityError, match="kept for a package"):
        insert(Refund(payment=payment, amount=money.CENT, method="card", reason="x"))
    with pytest.raises(IntegrityError, match="kept for a package"):
        insert(twin(payment, amount=-payment.amount, reverses_id=payment.pk))


# --- at six desks -----------------------------------------------------------------------------------------------------

DESKS = 6


def at_once(till: Till, act: Callable[[Till, int], Any]) -> list[Any]:
    """What six desks were answered, all having asked together; who is told that it is busy asks again."""
    answers: dict[int, Any] = {}

    def ask(number: int) -> None:
        with clock.fixed(NOW):
            own = till.beside()
            for _ in range(5):
                answers[number] = act(own, number)
                if answers[number].status_code != 503:
                    return

    assert race(*(partial(ask, number) for number in range(DESKS))) == []
    return [answers[number] for number in range(DESKS)]


@pytest.mark.django_db(transaction=True)
def test_six_desks_draw_what_was_bought_and_no_more(till: Till) -> None:
    items = [{"code": own_code(till), "quantity": 2, "unit_amount": "60.00"}]
    sold = bought(till, offer(till, items=items, price="120.00"))
    body = {"session": str(till.hour.pk), "code": "HOUSE-CALL", "units": 1, "amount": "80.00"}
    answers = at_once(till, lambda own, number: own.desk.post("charges/", body))
    assert statuses(answers) == [201] * DESKS
    paid = sorted(answer.json()["paid"] for answer in answers)
    assert paid == ["0.00"] * 4 + ["60.00"] * 2
    assert (left(till, sold), look(till, sold)["unused"]) == ([0], "0.00")


@pytest.mark.django_db(transaction=True)
def test_a_session_and_a_cancellation_at_once_agree(till: Till) -> None:
    sold = bought(till)
    session = str(till.hour.pk)
    body = {"session": session, "code": "90837", "units": 1, "amount": "200.00"}
    answers = at_once(till, lambda own, n: own.desk.post("charges/", body) if n == 0 else cancel(own, sold))
    assert set(statuses(answers)) <= {200, 201, 409}
    assert sum(answer.status_code == 200 for answer in answers) == 1
    now, charge = look(till, sold), answers[0].json()
    assert (now["status"], now["drawn"]) == ("cancelled", charge["paid"])
    assert (charge["amount"], charge["paid"]) in {("150.00", "150.00"), ("200.00", "0.00")}


@pytest.mark.django_db(transaction=True)
def test_one_payment_buys_one_package_however_many_ask(till: Till) -> None:
    package, payment = offer(till), till.pay("699.99")
    body = {"client": str(till.client.pk), "package": package["id"], "payment": payment["id"]}
    answers = at_once(till, lambda own, number: own.desk.post("package-purchases/", body))
    assert statuses(answers) == [201] + [409] * 5
    assert PackagePurchase.objects.count() == 1


# --- in any order ---------------------------------------------------------------------------------------------------

INDEX = st.integers(0, 20)
AMOUNTS = st.integers(1, 40_000).map(lambda n: Decimal(n) / 100)
ACTS = st.one_of(
    st.tuples(st.just("charge"), AMOUNTS),
    st.tuples(st.just("buy"), st.integers(1, 3), AMOUNTS),
    st.tuples(st.just("cancel"), INDEX),
    st.tuples(st.just("allocate"), INDEX, INDEX, AMOUNTS),
    st.tuples(st.just("refund"), INDEX, AMOUNTS),
    st.tuples(st.just("reverse_charge"), INDEX),
    st.tuples(st.just("reverse_payment"), INDEX),
)


class Shop(Ledger):
    """A ledger at which packages are bought, drawn and cancelled as well."""

    def do_charge(self, amount: Decimal, private: bool = False) -> None:
        """All of the kind of the code that packages are sold of."""
        values: Any = {"session": self.session.pk, "code": "HOUSE-CALL", "units": 1, "amount": amount}
        charging.post_charge(values=values, by=self.by, at=NOW)

    def do_buy(self, quantity: int, unit: Decimal) -> None:
        items: Any = [{"code": "HOUSE-CALL", "quantity": quantity, "unit_amount": unit}]
        package = packages.save_package(
            package=None, values={"name": "x", "items": items, "price": unit * quantity}, by=self.by, at=NOW
        )
        self.do_pay(unit * quantity, [])
        payment = Payment.objects.order_by("pk").last()
        assert payment is not None
        values: Any = {"client": self.till.client.pk, "package": package.pk, "payment": payment.pk}
        purchases.buy_package(values=values, by=self.by, at=NOW)

    def do_cancel(self, index: int) -> None:
        if row := self.pick(PackagePurchase, index):
            purchases.cancel_purchase(purchase=row, reason="x", by=self.by, at=NOW)


def check_packages() -> None:
    """No item is drawn below nothing, and every standing purchase finds its unused credit in its payment."""
    for row in selectors.purchases():
        items = rules.items_left(row.items, row.draws_made)
        assert all(item["drawn"] >= 0 and item["left"] >= 0 for item in items)
        worth = money.total(Decimal(item["unit_amount"]) * item["left"] for item in items)
        assert row.unused == worth == row.price - row.drawn
        if row.cancelled_at is None:
            assert row.payment.amount > 0
            payment = ledger.payments().get(pk=row.payment_id)
            assert payment.unallocated >= row.unused - payment.refunded
        else:
            assert row.refundable <= row.unused


@pytest.fixture
def hour(till: Till) -> Session:
    """Built before the first example, which takes back all that it wrote."""
    own_code(till)
    return till.hour


@settings(max_examples=18, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=3, max_size=16))
def test_every_order_of_acts_keeps_every_cent_and_every_item(till: Till, hour: Session, acts: Any) -> None:
    with transaction.atomic():
        shop = Shop(till)
        for first in (("buy", 2, Decimal("33.33")), ("charge", Decimal("180.00"))):
            shop.try_act(*first)
        check(till.client)
        check_packages()
        for act in acts:
            if shop.try_act(*act):
                check(till.client)
                check_packages()
        assert shop.done["buy"] >= 1
        assert PackageDraw.objects.exists()
        transaction.set_rollback(True)
    assert not PackagePurchase.objects.exists()


@given(quantities=st.lists(st.integers(0, 5), max_size=5), units=st.integers(1, 12))
def test_a_charge_takes_of_the_oldest_first_and_never_more_than_is_there(
    quantities: list[int], units: int
) -> None:
    lots = [rules.Lot(SYSTEM.pk, n, left, Decimal(n + 1)) for n, left in enumerate(quantities)]
    picks = rules.picked(lots, units)
    assert sum(pick.quantity for pick in picks) == min(units, sum(quantities))
    assert all(0 < pick.quantity <= pick.lot.left for pick in picks)
    full = [pick.quantity == pick.lot.left for pick in picks[:-1]]
    assert all(full)
    assert [pick.lot.position for pick in picks] == sorted(pick.lot.position for pick in picks)
    assert rules.worth(picks) == sum(pick.lot.unit_amount * pick.quantity for pick in picks)
