"""reports/…: each total is what the ledger says, and the rows behind it add up to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.ledger import selectors as ledger
from billing.models import Payment, Refund
from billing.packages import selectors as packages
from kapclinic.core import clock, money
from tests.asking import done, events, pointers
from tests.billing.shop import bought, cancel, earlier, offer, rendered, take_back
from tests.billing.till import NOW, SERVED, Till
from tests.cast import PERSON, Cast

MAY = {"billing", "director"}
REPORTS = ["ageing", "deposits", "package-liability"]
DAY = timedelta(days=1)


def report(till: Till, name: str, **query: str) -> dict[str, Any]:
    return done(till.desk.get(f"reports/{name}/", **query), 200)


def summed(rows: list[dict[str, Any]], name: str) -> Decimal:
    return money.total(Decimal(row[name]) for row in rows)


def adds_up(found: dict[str, Any], *figures: str) -> None:
    """Groups and rows come to the totals."""
    for name in figures:
        assert summed(found["groups"], name) == Decimal(found["totals"][name]), name
        assert summed(found["rows"], name) == Decimal(found["totals"][name]), name


# --- ageing ---------------------------------------------------------------------------------------------------------


def test_every_open_cent_has_its_age(till: Till) -> None:
    """The hour was on 18 May; each figure begins and ends on its day."""
    first = till.charge(amount="100.00")
    till.charge(earlier(till, 1), amount="50.00")
    paid = till.charge(amount="20.00")
    till.pay("60.01", (first, "40.01"), (paid, "20.00"))
    take_back(till, till.charge(amount="999.00"))
    for day, wanted in (
        (29, {"d0_30": "109.99"}),
        (30, {"d0_30": "59.99", "d31_60": "50.00"}),
        (60, {"d31_60": "59.99", "d61_90": "50.00"}),
        (61, {"d61_90": "109.99"}),
        (90, {"d61_90": "59.99", "d91": "50.00"}),
        (400, {"d91": "109.99"}),
    ):
        with clock.fixed(SERVED + day * DAY):
            found = report(till, "ageing")
        totals = dict.fromkeys(("d0_30", "d31_60", "d61_90", "d91"), "0.00") | wanted
        assert found["totals"] == totals | {"balance": "109.99"}, day
        assert {group["bucket"]: group["balance"] for group in found["groups"]} == totals
        assert sum(group["charges"] for group in found["groups"]) == found["count"] == 2
        assert summed(found["rows"], "balance") == Decimal("109.99")
    assert summed(found["rows"], "balance") == money.total(row.balance for row in ledger.charges())
    assert [row["days"] for row in found["rows"]] == [401, 400]
    row = found["rows"][1]
    assert (row["charge"], row["amount"], row["paid"], row["balance"]) == (
        first["id"],
        "100.00",
        "40.01",
        "59.99",
    )
    assert (row["client"], row["mrn"], row["code"]) == (str(till.client.pk), till.client.mrn, first["code"])


def test_the_age_is_of_the_locations_own_day(till: Till) -> None:
    till.charge(amount="10.00")
    late = datetime.combine((SERVED + 31 * DAY).date(), NOW.time(), NOW.tzinfo).replace(
        hour=5
    )  # 23:00 of day 30
    with clock.fixed(late):
        assert report(till, "ageing")["totals"]["d0_30"] == "10.00"
    with clock.fixed(late + timedelta(hours=2)):
        assert report(till, "ageing")["totals"]["d31_60"] == "10.00"


# --- deposits -------------------------------------------------------------------------------------------------------


def test_deposits_are_what_the_bank_must_have(till: Till) -> None:
    till.pay("100.00", received_on="2026-05-19")
    card = till.pay("40.10")
    till.pay("9.90")
    bounced = till.pay("30.00", method="check", received_on="2026-05-19")
    with clock.fixed(NOW + DAY):
        till.desk.must(f"payments/{bounced['id']}/reverse/", {"reason": "bounced"}, status=201)
        refund = {"payment": card["id"], "amount": "10.10", "reason": "too much"}
        back = till.desk.must("refunds/", refund, status=201)
        till.desk.must("refunds/", refund | {"amount": "1.00"}, status=201)
        till.desk.must(f"refunds/{back['id']}/reverse/", {"reason": "card refused it"}, status=201)
        found = report(till, "deposits")
    assert found["totals"] == {
        "payments": "180.00",
        "reversals": "-30.00",
        "refunds": "-1.00",
        "net": "149.00",
    }
    assert [
        (g["day"], g["method"], g["payments"], g["reversals"], g["refunds"], g["net"])
        for g in found["groups"]
    ] == [
        ("2026-05-21", "check", "0.00", "-30.00", "0.00", "-30.00"),
        ("2026-05-21", "card", "0.00", "0.00", "-1.00", "-1.00"),
        ("2026-05-20", "card", "50.00", "0.00", "0.00", "50.00"),
        ("2026-05-19", "check", "30.00", "0.00", "0.00", "30.00"),
        ("2026-05-19", "card", "100.00", "0.00", "0.00", "100.00"),
    ]
    assert found["count"] == len(found["rows"]) == 8
    assert summed(found["rows"], "amount") == Decimal("149.00")
    books = money.total(row.amount for row in Payment.objects.all())
    assert books - money.total(row.amount for row in Refund.objects.all()) == Decimal(found["totals"]["net"])
    kinds = {"payment": 4, "payment_reversal": 1, "refund": 2, "refund_reversal": 1}
    assert {kind: [row["kind"] for row in found["rows"]].count(kind) for kind in kinds} == kinds


def test_a_period_and_a_page_narrow_the_rows_and_the_sums_follow_the_period(till: Till) -> None:
    for day, amount in (("2026-05-18", "1.00"), ("2026-05-19", "2.00"), ("2026-05-20", "4.00")):
        till.pay(amount, received_on=day)
    found = report(till, "deposits", from_date="2026-05-19", to_date="2026-05-19")
    assert (found["totals"]["net"], found["count"]) == ("2.00", 1)
    assert (found["from_date"], found["to_date"], found["location"]) == ("2026-05-19", "2026-05-19", None)
    page = report(till, "deposits", page_size="2")
    assert (len(page["rows"]), page["count"], page["totals"]["net"]) == (2, 3, "7.00")
    assert "page=2" in page["next"]
    last = report(till, "deposits", page_size="2", page="2")
    assert ([row["amount"] for row in last["rows"]], last["totals"]["net"]) == (["1.00"], "7.00")
    wrong = till.desk.get("reports/deposits/", from_date="2026-05-20", to_date="2026-05-19")
    assert (wrong.status_code, pointers(wrong)) == (400, {"/to_date"})


# --- what packages owe ----------------------------------------------------------------------------------------------


def test_packages_owe_what_was_paid_and_not_rendered(till: Till) -> None:
    with clock.fixed(NOW):
        first, second = bought(till), bought(till)
        used = rendered(till)
    with clock.fixed(NOW + DAY):
        rendered(till, 1)
        take_back(till, used)
    with clock.fixed(NOW + 2 * DAY):
        done(cancel(till, second), 200)
        found = report(till, "package-liability")
        now = {name: found["totals"][name] for name in ("opening", "sold", "drawn", "returned", "closing")}
    assert now == {
        "opening": "0.00",
        "sold": "1399.98",
        "drawn": "150.00",
        "returned": "699.99",
        "closing": "549.99",
    }
    adds_up(found, *now)
    standing = packages.purchases().filter(cancellation__isnull=True)
    assert Decimal(now["closing"]) == money.total(row.unused for row in standing)
    assert {row["purchase"] for row in found["rows"]} == {first["id"], second["id"]}
    for day, wanted in (
        ("2026-05-20", ("0.00", "1399.98", "150.00", "0.00", "1249.98")),
        ("2026-05-21", ("1249.98", "0.00", "0.00", "0.00", "1249.98")),  # one drawn, one given back
        ("2026-05-22", ("1249.98", "0.00", "0.00", "699.99", "549.99")),
        ("2026-05-23", ("549.99", "0.00", "0.00", "0.00", "549.99")),
    ):
        found = report(till, "package-liability", from_date=day, to_date=day)
        assert tuple(found["totals"][name] for name in now) == wanted, day
        adds_up(found, *now)


def test_a_charge_that_is_taken_back_after_the_cancellation_owes_nothing_as_a_package(till: Till) -> None:
    purchase = bought(till)
    charge = rendered(till)
    done(cancel(till, purchase), 200)
    with clock.fixed(NOW + DAY):
        take_back(till, charge)
        totals = report(till, "package-liability")["totals"]
    assert totals == {
        "opening": "0.00",
        "sold": "699.99",
        "drawn": "150.00",
        "returned": "549.99",
        "closing": "0.00",
    }


# --- all of them ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_billing_and_the_director_read_reports(till: Till, cast: Cast, who: str) -> None:
    bought(till)
    for name in REPORTS:
        answer = cast.desk(who).get(f"reports/{name}/")
        assert answer.status_code == (200 if who in MAY else 403), name
        assert who in MAY or "699.99" not in answer.content.decode()


@pytest.mark.parametrize("name", REPORTS)
def test_money_of_another_location_is_in_no_figure(till: Till, cast: Cast, name: str) -> None:
    till.charge()
    bought(till)
    here = report(till, name, location=str(cast.north.pk))
    assert here["totals"] == report(till, name)["totals"]
    assert here["count"] >= 1
    for found in (
        report(till, name, location=str(cast.south.pk)),
        done(cast.desk("south_billing").get(f"reports/{name}/"), 200),
        done(cast.desk("south_billing").get(f"reports/{name}/", location=str(cast.north.pk)), 200),
    ):
        assert (found["count"], found["rows"], set(found["totals"].values())) == (0, [], {"0.00"})


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_names_whose_money_it_shows_in_the_record_and_no_health(till: Till, name: str) -> None:
    till.charge()
    bought(till)
    told = till.desk.get(f"reports/{name}/").content.decode()
    action = f"{name.replace('-', '_')}_report.report"
    assert events(action) == [(till.cast.billing.pk, "ok", [till.client.pk])]
    for clinical in ("F33", "said privately", "systolic", "dose_mg", "Sample", "Robin"):
        assert clinical not in told


@pytest.mark.parametrize("name", REPORTS)
def test_more_rows_cost_no_more_queries_than_one(till: Till, name: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            report(till, name)
        sent = [query["sql"] for query in captured.captured_queries]
        return sum(not sql.startswith(("INSERT INTO", "SAVEPOINT", "RELEASE")) for sql in sent)

    package = offer(till, items=[{"code": "90834", "quantity": 1, "unit_amount": "5.00"}], price="5.00")
    few = []
    for made in range(12):
        till.charge(amount="1.00")
        bought(till, package)
        if made == 0:
            few.append(queries())
    assert queries() == few[0] <= 5
    assert report(till, name)["count"] == 12
