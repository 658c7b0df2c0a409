"""Properties: whatever is charged, adjusted, paid, allocated, refunded and reversed, no cent is lost or made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ledger import selectors
from billing.ledger.models import AdjustmentReason
from billing.ledger.services import adjustments as adjusting
from billing.ledger.services import charges as charging
from billing.ledger.services import payments as paying
from billing.ledger.services import reversals
from billing.models import Adjustment, Charge, PackagePurchase, Payment, Refund
from billing.packages import selectors as packages
from billing.statements.rules import Account
from billing.statements.selectors import account, accounts, standing_of
from kapclinic.core import money
from kapclinic.core.errors import ClinicError
from sessions.booking.models import Session
from tests.billing.shop import own_code
from tests.billing.till import NOW, Till
from tests.cast import PLAIN

DEAR = "DEAR-CALL"
CENTS = st.integers(0, 30_000).map(lambda n: Decimal(n) / 100)
AMOUNTS = st.integers(1, 30_000).map(lambda n: Decimal(n) / 100)
CHANGES = st.integers(-20_000, 5_000).map(lambda n: Decimal(n) / 100)
REASONS = st.sampled_from([reason.value for reason in AdjustmentReason])
INDEX = st.integers(0, 30)
METHODS = st.sampled_from(["card", "hsa_card"])
ACTS = st.one_of(
    st.tuples(st.just("charge"), CENTS, st.booleans()),
    st.tuples(st.just("dear"), AMOUNTS),
    st.tuples(st.just("confirm"), INDEX),
    st.tuples(st.just("adjust"), INDEX, CHANGES, REASONS),
    st.tuples(st.just("pay"), AMOUNTS, st.lists(st.tuples(INDEX, AMOUNTS), max_size=3), METHODS),
    st.tuples(st.just("allocate"), INDEX, INDEX, AMOUNTS),
    st.tuples(st.just("refund"), INDEX, AMOUNTS),
    st.tuples(st.just("reverse_charge"), INDEX),
    st.tuples(st.just("reverse_adjustment"), INDEX),
    st.tuples(st.just("reverse_payment"), INDEX),
    st.tuples(st.just("reverse_refund"), INDEX),
)


@given(amount=st.integers(0, 10**10).map(lambda n: Decimal(n) / 100), parts=st.integers(1, 400))
def test_a_split_sums_to_the_whole_and_its_shares_differ_by_a_cent(amount, parts):
    shares = money.split(amount, parts)
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= money.CENT
    assert shares == sorted(shares, reverse=True)


class Ledger:
    """Runs acts through the services, and knows what the sums must then be."""

    def __init__(self, till: Till) -> None:
        self.till, self.by = till, till.cast.billing
        self.session = till.hour
        self.done: dict[str, int] = {}

    def pick(self, model: Any, index: int) -> Any:
        rows = list(model.objects.order_by("created_at", "pk"))
        return rows[index % len(rows)] if rows else None

    def try_act(self, name: str, *rest: Any) -> bool:
        """Whether it was taken: what is refused is undone whole, so nothing is other than before it."""
        try:
            with transaction.atomic():
                getattr(self, f"do_{name}")(*rest)
        except ClinicError:
            return False
        self.done[name] = self.done.get(name, 0) + 1
        return True

    def do_charge(self, amount: Decimal, private: bool = False) -> None:
        values = {"session": self.session.pk, "code": PLAIN, "units": 1, "amount": amount}
        if private:
            values |= {"line_kind": "self_pay", "kind_reason": "No claim wanted"}
        charging.post_charge(values=values, by=self.by, at=NOW)

    def do_dear(self, amount: Decimal) -> None:
        """A charge above the fee, which is nothing: it waits for the director."""
        values = {"session": self.session.pk, "code": DEAR, "units": 1, "amount": amount}
        charging.post_charge(values=values, by=self.by, at=NOW)

    def do_confirm(self, index: int) -> None:
        if row := self.pick(Charge, index):
            charging.confirm_charge(charge=row, reason="x", by=self.till.cast.director, at=NOW)

    def do_adjust(self, index: int, amount: Decimal, reason: str) -> None:
        if (row := self.pick(Charge, index)) and amount:
            values = {"charge": row.pk, "amount": amount, "reason": reason}
            adjusting.adjust_charge(values=values, by=self.by, at=NOW)

    def shares(self, pairs: list[tuple[int, Decimal]]) -> list[dict[str, Any]]:
        found = [(self.pick(Charge, index), amount) for index, amount in pairs]
        return [{"charge": charge.pk, "amount": amount} for charge, amount in found if charge]

    def do_pay(self, amount: Decimal, pairs: list[tuple[int, Decimal]], method: str = "card") -> None:
        values = {
            "client": self.till.client.pk,
            "amount": amount,
            "method": method,
            "received_on": NOW.date(),
            "allocations": self.shares(pairs),
        }
        paying.take_payment(values=values, by=self.by, at=NOW)

    def do_allocate(self, payment: int, charge: int, amount: Decimal) -> None:
        if row := self.pick(Payment, payment):
            paying.allocate_payment(payment=row, shares=self.shares([(charge, amount)]), by=self.by, at=NOW)

    def do_refund(self, payment: int, amount: Decimal) -> None:
        if row := self.pick(Payment, payment):
            paying.refund_payment(
                values={"payment": row.pk, "amount": amount, "reason": "x"}, by=self.by, at=NOW
            )

    def do_reverse_charge(self, index: int) -> None:
        if row := self.pick(Charge, index):
            reversals.reverse_charge(charge=row, reason="x", by=self.by, at=NOW)

    def do_reverse_adjustment(self, index: int) -> None:
        if row := self.pick(Adjustment, index):
            adjusting.reverse_adjustment(adjustment=row, reason="x", by=self.by, at=NOW)

    def do_reverse_payment(self, index: int) -> None:
        if row := self.pick(Payment, index):
            paying.reverse_payment(payment=row, reason="x", by=self.by, at=NOW)

    def do_reverse_refund(self, index: int) -> None:
        if row := self.pick(Refund, index):
            paying.reverse_refund(refund=row, reason="x", by=self.by, at=NOW)


def give_a_free_code(till: Till) -> None:
    own_code(till, code=DEAR)
    till.desk.must("fees/", {"code": DEAR, "amount": "0.00", "valid_from": "2026-01-01"}, status=201)


def total(rows: Any) -> Decimal:
    found: Decimal = rows.aggregate(sum=Sum("amount"))["sum"] or money.ZERO
    return found


def check(client: Any) -> None:
    """Each row keeps within its bounds, and owed - credit = charged + adjusted - paid + refunded, as the account says.

    Of charges that wait for the director nothing is owed, and what a package paid of them is credit.
    """
    owed, credit, prepaid, waits, private, by_card = (money.ZERO,) * 6
    for charge in selectors.charges():
        assert charge.balance >= 0
        if charge.reverses_id is None and charge.reversed_by is None:
            left = charge.amount + charge.adjusted - charge.paid
            assert money.ZERO <= charge.paid <= charge.amount + charge.adjusted
            assert charge.balance == (money.ZERO if charge.in_review else left)
        else:
            assert charge.paid == charge.adjusted == charge.balance == money.ZERO
        if charge.in_review:
            waits += charge.amount + charge.adjusted
            prepaid += charge.paid
        owed += charge.balance
        private += charge.balance if charge.line_kind == "self_pay" else money.ZERO
    for payment in selectors.payments():
        assert payment.unallocated >= 0
        if payment.reverses_id is None and payment.reversed_by is None:
            assert payment.amount == payment.allocated + payment.refunded + payment.unallocated
            assert payment.allocated == sum(Decimal(share["amount"]) for share in payment.shares)
        else:
            assert payment.allocated == payment.refunded == payment.unallocated == money.ZERO
        credit += payment.unallocated
        by_card += payment.unallocated if payment.method == "hsa_card" else money.ZERO
    credit += prepaid
    if PackagePurchase.objects.exists():
        prepaid += sum(row.unused for row in packages.holding())
    charged, paid, back = total(Charge.objects), total(Payment.objects), total(Refund.objects)
    changed = total(Adjustment.objects)
    assert owed - credit == charged + changed - waits - paid + back
    told = account(client=client.pk, locations=client.locations, at=NOW)
    assert (told.charges + told.adjustments, told.in_review) == (charged + changed - waits, waits)
    assert (told.payments, told.refunds) == (paid, back)
    assert (told.balance, told.credit, sum(told.ageing.values())) == (owed - credit, credit, owed)
    by_card -= sum(row.unused for row in packages.holding() if row.payment.method == "hsa_card")
    used = (
        min(by_card, owed - private) - by_card
    )  # of the cards' money no more than the medical care that is open
    assert (told.prepaid, told.health_credit) == (prepaid, by_card)
    assert told.owes == max(owed - (credit - prepaid + used), money.ZERO)
    check_list(client, told)


def check_list(client: Any, told: Account) -> None:
    """The list of those who owe says the same of the one client."""
    rows = accounts(locations=client.locations, state=None, at=NOW)[0:5]
    if told.credit == 0 and not any(told.ageing.values()):
        assert rows == []
        return
    found = standing_of(rows[0])
    assert [row["client"] for row in rows] == [client.pk]
    names = ("ageing", "credit", "prepaid", "health_credit", "balance", "owes")
    assert [getattr(found, name) for name in names] == [getattr(told, name) for name in names]
    owing = accounts(locations=client.locations, state="owes", at=NOW)
    assert (owing.count(), len(owing[0:5])) == ((1, 1) if told.owes else (0, 0))


@pytest.fixture
def hour(till: Till) -> Session:
    """Built before the first example, which takes back all that it wrote."""
    give_a_free_code(till)
    return till.hour


@settings(max_examples=18, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=3, max_size=18))
def test_every_order_of_acts_keeps_every_cent(till, hour, acts):
    with transaction.atomic():
        ledger = Ledger(till)
        for amount in ("120.00", "75.35"):
            ledger.try_act("charge", Decimal(amount))
        check(till.client)
        for act in acts:
            if ledger.try_act(*act):
                check(till.client)
        assert ledger.done["charge"] >= 2
        transaction.set_rollback(True)
    assert not Charge.objects.exists()


def test_each_kind_of_act_succeeds_somewhere(till):
    """The property above would hold of a ledger that refuses everything: this one shows that it does not."""
    give_a_free_code(till)
    ledger = Ledger(till)
    for act in (
        ("charge", Decimal("100.00")),
        ("pay", Decimal("80.00"), [(0, Decimal("50.00"))]),
        ("allocate", 0, 0, Decimal("10.00")),
        ("adjust", 0, Decimal("-35.00"), "courtesy"),
        ("refund", 0, Decimal("40.00")),
        ("reverse_refund", 0),
        ("reverse_adjustment", 0),
        ("adjust", 0, Decimal("5.00"), "correction"),
        ("reverse_charge", 0),
        ("reverse_payment", 0),
        ("dear", Decimal("15.00")),
        ("confirm", 2),
        ("reverse_charge", 2),
    ):
        ledger.try_act(*act)
        check(till.client)
    assert (ledger.done.pop("adjust"), ledger.done.pop("reverse_charge")) == (2, 2)
    assert set(ledger.done.values()) == {1}
    assert len(ledger.done) == 9
    assert (
        total(Adjustment.objects)
        == total(Charge.objects)
        == total(Payment.objects)
        == total(Refund.objects)
        == money.ZERO
    )
