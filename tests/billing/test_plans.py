"""payment-plans/: parts to the cent, no interest, and a row for billing when one falls short."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import PaymentPlan
from billing.plans import rules
from billing.plans.rules import Agreed, Money
from billing.plans.services import sweep_plans
from kapclinic.core import clock, money
from kapclinic.core.ids import uuid7
from kapclinic.practice.models import SYSTEM
from kapclinic.trail.models import Task
from tests.asking import done, events, pointers, refused
from tests.billing.shop import bought, cancel, offer, rendered, take_back, try_to_buy
from tests.billing.test_estimates import asked as estimated
from tests.billing.test_estimates import issue
from tests.billing.test_without_session import fee
from tests.billing.till import NOW, Till
from tests.cast import PERSON, Cast, client

MAY = {"billing", "director"}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def owing(request: pytest.FixtureRequest) -> None:
    """The client of a till owes for a no-show, much more than the plans of these tests are for."""
    if "till" in request.fixturenames:
        owes(request.getfixturevalue("till"), "900.00")


def owes(till: Till, amount: str) -> dict[str, Any]:
    return done(fee(till, amount=amount), 201)


def try_to_agree(till: Till, **body: Any) -> Any:
    shape = {"client": str(till.client.pk), "total": "100.00", "count": 3}
    return till.desk.post("payment-plans/", shape | {"first_due": "2026-06-01", "interval_days": 30} | body)


def agreed(till: Till, **body: Any) -> dict[str, Any]:
    return done(try_to_agree(till, **body), 201)


def look(till: Till, plan: dict[str, Any]) -> dict[str, Any]:
    return done(till.desk.get(f"payment-plans/{plan['id']}/"), 200)


def rows() -> list[Task]:
    return list(Task.objects.open().filter(kind="plan_overdue"))


def at_noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), NOW.timetz())


def test_the_first_parts_carry_the_odd_cents(till: Till) -> None:
    plan = agreed(till)
    assert [(p["number"], p["due_on"], p["amount"], p["paid"]) for p in plan["installments"]] == [
        (1, "2026-06-01", "33.34", "0.00"),
        (2, "2026-07-01", "33.33", "0.00"),
        (3, "2026-07-31", "33.33", "0.00"),
    ]
    assert (plan["status"], plan["paid"], plan["overdue"], plan["allowed_moves"]) == (
        "active",
        "0.00",
        "0.00",
        ["cancel"],
    )
    assert plan["location"] == str(till.client.locations[0])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"count": 5}, "/count"),
        ({"count": 0}, "/count"),
        ({"total": "0.00"}, "/total"),
        ({"total": "0.03", "count": 4}, "/total"),
        ({"total": "100.001"}, "/total"),
        ({"interval_days": 0}, "/interval_days"),
        ({"first_due": "2062-06-01"}, "/first_due"),
        ({"interest": "1.00"}, "/interest"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client"),
        ({"location": "01900000-0000-7000-8000-00000000dead"}, "/location"),
    ],
)
def test_a_plan_that_makes_a_creditor_or_no_sense_is_refused(
    till: Till, change: dict[str, Any], pointer: str
) -> None:
    assert till.client
    answer = try_to_agree(till, **change)
    assert (answer.status_code, pointers(answer)) == (400, {pointer}), answer.content
    assert not PaymentPlan.objects.exists()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"count": 5}, "payment_plan_parts"),
        ({"total": Decimal("0.02")}, "payment_plan_total"),
        ({"interval_days": 0}, "payment_plan_interval"),
        ({"status": "cancelled"}, "payment_plan_status"),
    ],
)
def test_the_database_knows_the_same_limits(till: Till, changes: dict[str, Any], rule: str) -> None:
    plan = PaymentPlan.objects.get(pk=agreed(till)["id"])
    for name, value in changes.items():
        setattr(plan, name, value)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        plan.save_by(SYSTEM, at=NOW)


def test_a_plan_that_falls_short_is_billings_until_it_is_paid(till: Till, cast: Cast) -> None:
    plan = agreed(till)
    sweep_plans(at=at_noon("2026-06-01"))
    assert rows() == []  # the day is not over
    for _ in range(2):
        sweep_plans(at=at_noon("2026-06-02"))
    (row,) = rows()
    assert (str(row.subject_id), row.client, row.roles) == (
        plan["id"],
        till.client.pk,
        ["billing", "medical_director"],
    )
    assert row.due_at == datetime(2026, 6, 2, 6, 0, tzinfo=UTC)  # midnight in Denver
    told = next(r for r in till.desk.get("tasks/").json()["results"] if r["id"] == str(row.pk))
    assert told["label"] == "Call the client: a part of the payment plan is overdue."
    assert cast.desk("frontdesk").get("tasks/?kind=plan_overdue").json()["count"] == 0
    with clock.fixed(at_noon("2026-06-02")):
        assert look(till, plan)["overdue"] == "33.34"
        till.pay("33.33", received_on="2026-06-02")
        assert look(till, plan)["overdue"] == "0.01"
        sweep_plans(at=clock.now())
        assert len(rows()) == 1
        last = till.pay("0.01", received_on="2026-06-02")
        sweep_plans(at=clock.now())
        assert rows() == []
        till.desk.must(f"payments/{last['id']}/reverse/", {"reason": "bounced"}, status=201)
        sweep_plans(at=clock.now())
        (row,) = rows()
        till.desk.must(f"tasks/{row.pk}/done/", {"outcome": "called"}, status=200)
        sweep_plans(at=clock.now())
    assert len(rows()) == 1  # a tick pays nothing


def test_what_was_paid_before_or_given_back_or_kept_for_a_package_pays_no_part(till: Till) -> None:
    till.pay("500.00")
    with clock.fixed(NOW + DAY):
        plan = agreed(till)
        paid = till.pay("60.00")
        assert look(till, plan)["paid"] == "60.00"
        refund = {"payment": paid["id"], "amount": "25.00", "reason": "too much"}
        till.desk.must("refunds/", refund, status=201)
        package = offer(till)
        done(try_to_buy(till, package, till.pay("700.00")), 201)
        now = look(till, plan)
    assert now["paid"] == "35.01"
    assert [part["paid"] for part in now["installments"]] == ["33.34", "1.67", "0.00"]


def test_what_a_package_paid_before_it_was_cancelled_pays_no_part(till: Till) -> None:
    plan = agreed(till)
    with clock.fixed(NOW + timedelta(minutes=5)):
        purchase = bought(till)
        used = rendered(till)
        assert (used["paid"], look(till, plan)["paid"]) == ("150.00", "0.00")
        done(cancel(till, purchase), 200)
        rest = {"payment": purchase["payment"], "amount": "549.99", "reason": "the client stops"}
        back = till.desk.must("refunds/", rest, status=201)
        assert look(till, plan)["paid"] == "0.00"
    with clock.fixed(at_noon("2026-06-02")):
        sweep_plans(at=clock.now())
        assert [row.subject_id for row in rows()] == [UUID(plan["id"])]  # nothing came for it
        take_back(till, used)  # its money is plain credit now
        assert look(till, plan)["paid"] == "100.00"
        till.desk.must(f"refunds/{back['id']}/reverse/", {"reason": "never sent"}, status=201)
        assert look(till, plan)["paid"] == "100.00"


def test_a_payment_counts_towards_one_plan_the_oldest_first(till: Till) -> None:
    first = agreed(till, total="50.00", count=1)
    with clock.fixed(NOW + DAY):
        second = agreed(till, total="80.00", count=2)
        till.pay("70.00")
        assert [look(till, plan)["paid"] for plan in (first, second)] == ["50.00", "20.00"]


def test_a_cancelled_plan_expects_nothing_more(till: Till) -> None:
    plan = agreed(till, first_due="2026-05-11")
    sweep_plans(at=NOW)
    assert len(rows()) == 1
    url = f"payment-plans/{plan['id']}/cancel/"
    refused(till.desk.post(url, {"reason": ""}), 400, "blank", "/reason")
    ended = till.desk.must(url, {"reason": "Paid by a grant"}, status=200)
    assert (ended["status"], ended["overdue"], ended["version"], ended["allowed_moves"]) == (
        "cancelled",
        "0.00",
        2,
        [],
    )
    assert rows() == []
    refused(till.desk.post(url, {"reason": "Again"}), 409, "illegal_transition")
    sweep_plans(at=NOW + 90 * DAY)
    assert rows() == []
    assert [row.status for row in PaymentPlan.history.order_by("history_id")] == ["active", "cancelled"]


def test_two_registrations_of_one_person_pay_one_plan(till: Till, cast: Cast) -> None:
    plan = agreed(till)
    twin = client(cast.north, by=cast.frontdesk, first="Robyn")
    cast.desk("director").must(
        f"clients/{twin.pk}/merge/", {"into": str(till.client.pk), "reason": "The same person"}
    )
    till.pay("40.00", client=str(twin.pk))
    assert look(till, plan)["paid"] == "40.00"
    assert till.desk.get(f"payment-plans/?client={twin.pk}").json()["count"] == 1


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_billing_and_the_director_agree_on_plans_and_nobody_else_looks(
    till: Till, cast: Cast, who: str
) -> None:
    plan, desk, may = agreed(till), cast.desk(who), who in MAY
    assert desk.get("payment-plans/").status_code == (200 if may else 403)
    assert desk.get(f"payment-plans/{plan['id']}/").status_code == (200 if may else 403)
    assert desk.post("payment-plans/", {}).status_code == (400 if may else 403)
    answer = desk.post(f"payment-plans/{plan['id']}/cancel/", {"reason": "Trying"})
    assert answer.status_code == (200 if may else 403)
    assert may or look(till, plan) == plan


def test_a_plan_of_another_location_is_not_found(till: Till, cast: Cast) -> None:
    plan, far = agreed(till), cast.desk("south_billing")
    assert far.get("payment-plans/").json()["count"] == 0
    assert far.get(f"payment-plans/{plan['id']}/").status_code == 404
    assert far.post(f"payment-plans/{plan['id']}/cancel/", {"reason": "not mine"}).status_code == 404
    refused(try_to_agree(till, location=str(cast.south.pk)), 400, "not_found", "/location")
    till.desk.get(f"payment-plans/{plan['id']}/")
    assert (till.cast.billing.pk, "ok", [till.client.pk]) in events("payment_plan.retrieve")


def test_nobody_plans_more_than_is_owed_or_expected(till: Till) -> None:
    too_much = try_to_agree(till, total="900.01")
    refused(too_much, 400, "above_balance", "/total")
    first = agreed(till, total="600.00")
    refused(try_to_agree(till, total="300.01"), 400, "above_balance", "/total")
    assert "600.00" in try_to_agree(till, total="300.01").json()["detail"]
    agreed(till, total="300.00")
    assert PaymentPlan.objects.count() == 2
    till.desk.must(f"payment-plans/{first['id']}/cancel/", {"reason": "paid by a grant"}, status=200)
    draft = estimated(till)  # two hours of 180.00
    refused(try_to_agree(till, total="600.01"), 400, "above_balance", "/total")
    done(issue(till, draft), 200)
    refused(try_to_agree(till, total="960.01"), 400, "above_balance", "/total")
    charge = till.charge(amount="180.00", code="90837")  # one of them: owed, and no more expected
    refused(try_to_agree(till, total="960.01"), 400, "above_balance", "/total")
    with clock.fixed(NOW + DAY):
        till.pay("180.00", (charge, "180.00"))  # a part of the plan that stands
    refused(try_to_agree(till, total="960.01"), 400, "above_balance", "/total")
    agreed(till, total="960.00")
    assert PaymentPlan.objects.count() == 3


def test_the_last_day_of_an_estimate_ends_where_it_was_made(till: Till) -> None:
    done(issue(till, estimated(till, from_date="2026-05-18", to_date="2026-05-20")), 200)
    with clock.fixed(NOW + timedelta(hours=12)):  # midnight in Denver
        refused(try_to_agree(till, total="900.01"), 400, "above_balance", "/total")
    with clock.fixed(NOW + timedelta(hours=7)):  # 19:00 in Denver, and the 21st in UTC
        agreed(till, total="1260.00")


def test_money_of_a_package_makes_no_plan_smaller_and_other_credit_does(till: Till) -> None:
    done(try_to_buy(till, offer(till), till.pay("700.00")), 201)
    refused(try_to_agree(till, total="900.00"), 400, "above_balance", "/total")  # one cent is plain credit
    agreed(till, total="899.99")


@pytest.mark.django_db(transaction=True)
def test_two_billers_plan_one_debt_once(till: Till) -> None:
    answers = till.at_once(*[lambda own: try_to_agree(own, total="900.00")] * 2)
    assert sorted(answer.status_code for answer in answers) == [201, 400]
    assert PaymentPlan.objects.count() == 1


def test_many_plans_cost_no_more_queries_than_one(till: Till, django_assert_max_num_queries: Any) -> None:
    agreed(till)
    for made in range(8):
        if made:
            agreed(till)
        with django_assert_max_num_queries(5):
            assert till.desk.get("payment-plans/").json()["count"] == made + 1


MOMENTS = st.integers(0, 20).map(lambda hours: NOW + timedelta(hours=hours))
CENTS = st.integers(1, 20_000).map(lambda n: Decimal(n) / 100)
ENDS = st.one_of(st.none(), MOMENTS)


@given(
    plans=st.lists(st.tuples(CENTS, MOMENTS, ENDS), max_size=5),
    payments=st.lists(st.tuples(CENTS, MOMENTS), max_size=8),
)
def test_no_cent_counts_twice_and_no_plan_gets_more_than_its_total(plans: Any, payments: Any) -> None:
    agreed_on = [Agreed(uuid7(), *plan) for plan in plans]
    paid = rules.shared_out(agreed_on, [Money(*payment) for payment in payments])
    assert all(money.ZERO <= paid[plan.plan] <= plan.total for plan in agreed_on)
    assert sum(paid.values()) <= sum(amount for amount, _ in payments)
    for plan in agreed_on:
        within = [a for a, at in payments if plan.since <= at and (plan.until is None or at <= plan.until)]
        assert paid[plan.plan] <= sum(within)


@given(total=st.integers(4, 10**7).map(lambda n: Decimal(n) / 100), count=st.integers(1, 4), paid=CENTS)
def test_parts_sum_to_the_total_and_are_paid_in_order(total: Decimal, count: int, paid: Decimal) -> None:
    parts = rules.parts_of(total=total, count=count, first_due=NOW.date(), interval_days=30, paid=paid)
    assert sum(part.amount for part in parts) == total
    assert parts[0].amount - parts[-1].amount in {money.ZERO, money.CENT}
    assert sum(part.paid for part in parts) == min(paid, total)
    assert all(later.paid == 0 or earlier.open == 0 for earlier, later in pairwise(parts))
    assert sum(part.open for part in rules.overdue(parts, on=NOW.date() + 500 * DAY)) == total - min(
        paid, total
    )
