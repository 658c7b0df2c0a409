"""What a client owes now: nothing for what waits for the director, and no less for money that a package keeps."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from billing.models import Charge, Payment, PaymentAllocation
from kapclinic.core import clock
from tests.asking import done, refused, words_of
from tests.billing.runs import export, file_of, table
from tests.billing.shop import bought, cancel, offer, own_code, rendered
from tests.billing.test_accounts import account, let_the_desk, listed
from tests.billing.test_guards import insert
from tests.billing.till import NOW, Till
from tests.cast import Cast


@pytest.fixture
def priced(till: Till) -> Till:
    """The clinic's own visit costs 100.00."""
    fee = {"code": own_code(till), "amount": "100.00", "valid_from": "2026-01-01"}
    till.desk.must("fees/", fee, status=201)
    return till


def visit(till: Till, amount: str) -> dict[str, Any]:
    return till.charge(code="HOUSE-CALL", amount=amount)


def figures(till: Till, *names: str) -> tuple[str, ...]:
    told = done(account(till), 200)
    return tuple(told[name] for name in names)


def test_money_of_a_package_pays_no_other_service(till: Till, cast: Cast) -> None:
    sold = bought(till)
    till.charge(amount="120.00")
    let_the_desk(cast)
    assert done(account(till, "frontdesk"), 200) == {"balance": "-579.99", "owes": "120.00"}
    names = ("balance", "owes", "credit", "prepaid")
    assert figures(till, *names) == ("-579.99", "120.00", "699.99", "699.99")
    till.pay("50.00")
    assert figures(till, *names) == ("-629.99", "70.00", "749.99", "699.99")
    rendered(till, 1)  # drawn and paid: it owes nothing
    assert figures(till, *names) == ("-479.99", "70.00", "599.99", "549.99")
    (row,) = listed(till)
    whole = done(account(till), 200)
    assert {name: row[name] for name in names} == {name: whole[name] for name in names}
    done(cancel(till, sold), 200)
    assert figures(till, *names) == ("-479.99", "0.00", "599.99", "0.00")


def test_what_is_dearer_than_the_list_is_owed_once_the_director_confirms_it(priced: Till, cast: Cast) -> None:
    dear, plain = visit(priced, "180.00"), visit(priced, "100.00")
    assert (dear["status"], dear["balance"], plain["balance"]) == ("review", "0.00", "100.00")
    names = ("charges", "balance", "owes", "in_review")
    assert figures(priced, *names) == ("100.00", "100.00", "100.00", "180.00")
    assert [row["balance"] for row in listed(priced)] == ["100.00"]
    ageing = done(priced.desk.get("reports/ageing/"), 200)
    assert [row["charge"] for row in ageing["rows"]] == [plain["id"]]
    assert ageing["totals"]["balance"] == "100.00"
    statement = done(priced.desk.post("statements/", priced.period()), 201)
    assert statement["totals"]["balance"] == "100.00"
    assert [r["id"] for r in priced.desk.get("charges/?owed=true").json()["results"]] == [plain["id"]]
    url = f"charges/{dear['id']}/confirm/"
    with clock.fixed(NOW + timedelta(minutes=1)):
        cast.desk("director").must(url, {"reason": "Two visits, as told"}, status=200)
    assert figures(priced, *names) == ("280.00", "280.00", "280.00", "0.00")
    assert priced.desk.get(f"statements/{statement['id']}/").json()["outdated"] is True
    done(priced.desk.post(f"charges/{dear['id']}/reverse/", {"reason": "one visit"}), 201)
    assert figures(priced, *names) == ("100.00", "100.00", "100.00", "0.00")


def test_no_money_goes_to_what_waits_for_the_director(priced: Till) -> None:
    dear = visit(priced, "180.00")
    answer = priced.try_to_pay("200.00", (dear, "0.01"))
    refused(answer, 409, "over_allocated", "/allocations/0/amount")
    assert not Payment.objects.exists()
    payment = priced.pay("200.00")
    shares = {"allocations": [{"charge": dear["id"], "amount": "180.00"}]}
    refused(priced.desk.post(f"payments/{payment['id']}/allocate/", shares), 409, "over_allocated")
    row = PaymentAllocation(payment_id=payment["id"], charge_id=dear["id"], amount=Decimal("0.01"))
    with pytest.raises(IntegrityError, match="waits for the director"):
        insert(row)
    assert figures(priced, "balance", "credit", "prepaid", "owes") == ("-200.00", "200.00", "0.00", "0.00")
    visit(priced, "100.00")
    assert figures(priced, "balance", "owes") == ("-100.00", "0.00")


def test_a_package_above_the_list_pays_its_visit_and_nothing_else(priced: Till, cast: Cast) -> None:
    items = [{"code": "HOUSE-CALL", "quantity": 1, "unit_amount": "130.00"}]
    sold = bought(priced, offer(priced, items=items, price="130.00"))
    drawn = visit(priced, "100.00")
    assert (drawn["status"], drawn["paid"], drawn["balance"]) == ("review", "130.00", "0.00")
    priced.charge(amount="40.00")
    names = ("balance", "credit", "prepaid", "owes", "in_review")
    assert figures(priced, *names) == ("-90.00", "130.00", "130.00", "40.00", "130.00")
    receipt = done(priced.desk.get(f"payments/{sold['payment']}/receipt/"), 200)
    assert (receipt["lines"], receipt["unallocated"]) == ([], "130.00")
    (row,) = listed(priced)
    assert [row[name] for name in names[:4]] == ["-90.00", "130.00", "130.00", "40.00"]
    cast.desk("director").must(f"charges/{drawn['id']}/confirm/", {"reason": "As sold"}, status=200)
    assert figures(priced, *names) == ("40.00", "0.00", "0.00", "40.00", "0.00")
    receipt = done(priced.desk.get(f"payments/{sold['payment']}/receipt/"), 200)
    assert ([line["charge"] for line in receipt["lines"]], receipt["unallocated"]) == ([drawn["id"]], "0.00")
    assert Charge.objects.count() == 2


def test_money_of_a_health_card_pays_no_self_pay_line(till: Till, cast: Cast) -> None:
    """IRC 213(d): an HSA or FSA pays medical care alone."""
    private = till.charge(line_kind="self_pay", kind_reason="No claim wanted", amount="80.00")
    card = till.pay("100.00", method="hsa_card")
    names = ("balance", "credit", "health_credit", "owes")
    assert figures(till, *names) == ("-20.00", "100.00", "100.00", "80.00")
    assert [(row["owes"], row["health_credit"]) for row in listed(till, state="owes")] == [
        ("80.00", "100.00")
    ]
    statement = done(till.desk.post("statements/", till.period()), 201)
    assert (statement["totals"]["balance"], statement["owes"]) == ("-20.00", "80.00")
    words = words_of(till.desk.get(f"statements/{statement['id']}/pdf/").content)
    assert "To pay on 05/20/2026: $80.00" in words
    assert "YOUR CREDIT" not in words
    let_the_desk(cast)
    assert done(account(till, "frontdesk"), 200) == {"balance": "-20.00", "owes": "80.00"}
    care = till.charge(amount="60.00")
    assert figures(till, *names) == ("40.00", "100.00", "100.00", "80.00")
    share = {"allocations": [{"charge": care["id"], "amount": "60.00"}]}
    till.desk.must(f"payments/{card['id']}/allocate/", share)
    assert figures(till, *names) == ("40.00", "40.00", "40.00", "80.00")
    cash = till.pay("50.00")
    assert figures(till, *names) == ("-10.00", "90.00", "40.00", "30.00")
    done(till.desk.post(f"payments/{card['id']}/reverse/", {"reason": "the wrong card"}), 201)
    assert figures(till, *names) == ("90.00", "50.00", "0.00", "90.00")
    done(till.desk.post(f"charges/{private['id']}/reverse/", {"reason": "no visit"}), 201)
    assert figures(till, *names) == ("10.00", "50.00", "0.00", "10.00")
    share = {"allocations": [{"charge": care["id"], "amount": "50.00"}]}
    till.desk.must(f"payments/{cash['id']}/allocate/", share)
    assert figures(till, *names) == ("10.00", "0.00", "0.00", "10.00")


def test_who_has_paid_already_is_not_listed_as_owing(till: Till) -> None:
    """Money that is put to no charge yet is credit: the list of who owes says what the account does."""
    charge = till.charge(amount="60.00")
    payment = till.pay("60.00")
    assert figures(till, "balance", "owes") == ("0.00", "0.00")
    assert listed(till, state="owes") == []
    assert [row["credit"] for row in listed(till, state="credit")] == ["60.00"]
    done(till.desk.post(f"payments/{payment['id']}/reverse/", {"reason": "bounced"}), 201)
    assert [row["owes"] for row in listed(till, state="owes")] == ["60.00"]
    assert charge["balance"] == "60.00"


def test_books_hold_nothing_that_waits_for_the_director(priced: Till, cast: Cast) -> None:
    dear = visit(priced, "180.00")
    visit(priced, "100.00")

    def exported() -> list[str]:
        job = export(priced, "transactions_csv", since_last=True)
        return [row["amount"] for row in table(file_of(priced, job))]

    assert exported() == ["100.00"]
    cast.desk("director").must(f"charges/{dear['id']}/confirm/", {"reason": "As told"}, status=200)
    assert exported() == ["180.00"]
    done(priced.desk.post(f"charges/{visit(priced, '181.00')['id']}/reverse/", {"reason": "one visit"}), 201)
    assert exported() == []
