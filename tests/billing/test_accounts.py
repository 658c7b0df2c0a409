"""GET clients/{id}/account/: what a client owes, as the ledger has it; and the desk that takes payments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.ledger.services.payments import take_payment
from billing.models import Payment, Refund
from billing.statements.rules import Charged, Paid, account_of
from kapclinic.core import clock, money
from kapclinic.practice import services as practice
from tests.asking import done, events, refused
from tests.billing.test_adjustments import adjust
from tests.billing.till import NOW, SERVED, Till
from tests.cast import PERSON, Cast, client, colleague, session_at_south

Row = dict[str, Any]
NONE_OPEN = {"d0_30": "0.00", "d31_60": "0.00", "d61_90": "0.00", "d91": "0.00"}


def account(till: Till, who: str = "billing", pk: Any = None) -> Any:
    return till.cast.desk(who).get(f"clients/{pk or till.client.pk}/account/")


def let_the_desk(cast: Cast, *, take: bool = True) -> None:
    values = {"desk_takes_payments": take}
    practice.save_location(location=cast.north, values=values, by=cast.admin, at=NOW)


@pytest.mark.parametrize(
    ("age", "bucket"),
    [(-1, "d0_30"), (0, "d0_30"), (30, "d0_30"), (31, "d31_60"), (60, "d31_60"), (61, "d61_90"), (90, "d61_90"),
     (91, "d91"), (4000, "d91")],
)  # fmt: skip
def test_a_charge_ages_by_whole_days(age: int, bucket: str) -> None:
    row = Charged(amount=Decimal("9.00"), adjusted=Decimal("-1.00"), balance=Decimal("7.50"), age=age)
    paid = Paid(amount=Decimal("2.00"), refunded=Decimal("0.25"), unallocated=Decimal("1.25"))
    found = account_of([row], [paid])
    assert {name for name, amount in found.ageing.items() if amount} == {bucket}
    assert found.ageing[bucket] == Decimal("7.50")
    assert (found.balance, found.credit) == (Decimal("6.25"), Decimal("1.25"))
    assert account_of([], []).ageing == dict.fromkeys(NONE_OPEN, money.ZERO)


def test_the_account_is_what_the_ledger_says(till: Till) -> None:
    empty = done(account(till), 200)
    assert empty == {
        "client": str(till.client.pk),
        "client_name": till.client.legal_name,
        **dict.fromkeys(("balance", "owes", "charges", "adjustments", "payments", "refunds"), "0.00"),
        **dict.fromkeys(("credit", "prepaid", "health_credit", "in_review"), "0.00"),
        "ageing": NONE_OPEN,
    }
    first, second = till.charge(amount="200.00"), till.charge(amount="100.10")
    adjust(till, first, "-50.00")
    wrong = till.charge(amount="77.00")
    till.desk.must(f"charges/{wrong['id']}/reverse/", {"reason": "wrong line"}, status=201)
    payment = till.pay("180.00", (first, "120.00"))
    back = {"payment": payment["id"], "amount": "15.00", "reason": "early stop"}
    till.desk.must("refunds/", back, status=201)
    bounced = till.pay("500.00", (second, "100.10"), method="check")
    till.desk.must(f"payments/{bounced['id']}/reverse/", {"reason": "bounced"}, status=201)
    answer = done(account(till), 200)
    assert {name: answer[name] for name in ("charges", "adjustments", "payments", "refunds")} == {
        "charges": "300.10",
        "adjustments": "-50.00",
        "payments": "180.00",
        "refunds": "15.00",
    }
    assert (answer["balance"], answer["credit"]) == ("85.10", "45.00")
    assert answer["ageing"] == NONE_OPEN | {"d0_30": "130.10"}
    rows = till.desk.get(f"charges/?client={till.client.pk}").json()["results"]
    assert sum(Decimal(row["balance"]) for row in rows) == Decimal("130.10")
    with clock.fixed(NOW + timedelta(days=89)):  # 91 days after the service
        assert done(account(till), 200)["ageing"] == NONE_OPEN | {"d91": "130.10"}
    assert events("client.account")[-1] == (till.cast.billing.pk, "ok", [till.client.pk])


def test_the_day_is_the_locations_own(till: Till) -> None:
    till.charge(amount="10.00")  # on the 18th of May
    with clock.fixed(NOW.replace(month=6, day=18, hour=3)):  # the 17th of June in Denver: 30 days
        assert done(account(till), 200)["ageing"]["d0_30"] == "10.00"
    with clock.fixed(NOW.replace(month=6, day=18, hour=7)):
        assert done(account(till), 200)["ageing"]["d31_60"] == "10.00"


def test_the_account_is_the_persons_whatever_they_were_registered_as(till: Till, cast: Cast) -> None:
    till.charge(amount="100.00")
    twin = client(cast.north, by=cast.frontdesk, first="Robin")
    till.pay("30.00", client=str(twin.pk))
    assert done(account(till), 200)["balance"] == "100.00"
    cast.desk("director").must(
        f"clients/{twin.pk}/merge/", {"into": str(till.client.pk), "reason": "the same person"}
    )
    for pk in (till.client.pk, twin.pk):
        answer = done(account(till, pk=pk), 200)
        assert (answer["balance"], answer["credit"]) == ("70.00", "30.00")


def test_money_of_another_location_is_nobody_elses(till: Till, cast: Cast) -> None:
    till.charge(amount="100.00")
    assert account(till, "south_billing").status_code == 404
    both = {"locations": [cast.north.pk, cast.south.pk]}
    practice.save_staff(user=cast.billing, values=both, by=cast.admin, at=NOW)
    till.charge(session_at_south(cast, till.program, starts_at=SERVED + timedelta(hours=1)), amount="20.00")
    assert done(account(till), 200)["balance"] == "120.00"
    colleague(cast, "neighbour", "billing")
    assert done(account(till, "neighbour"), 200)["balance"] == "100.00"


def test_nobody_but_billing_and_the_director_reads_an_account(till: Till, cast: Cast) -> None:
    till.charge(amount="123.45")
    for who in sorted(PERSON.values()):
        answer = account(till, who)
        assert answer.status_code == (200 if who in {"billing", "director"} else 403), who
        assert ("123.45" in answer.content.decode()) is (who in {"billing", "director"})


# --- who owes what -------------------------------------------------------------------------------------------------


def listed(till: Till, who: str = "billing", **query: str) -> list[Row]:
    told = done(till.cast.desk(who).get("accounts/", **query), 200)
    assert told["count"] >= len(told["results"])
    rows: list[Row] = told["results"]
    return rows


def test_whoever_owes_is_listed_by_the_oldest_debt_and_adds_up_to_their_account(
    till: Till, cast: Cast
) -> None:
    assert listed(till) == []
    till.charge(amount="100.00")
    other = till.of(client(cast.north, by=cast.frontdesk, first="Jamie"))
    old = other.session(starts_at=SERVED - timedelta(days=35))
    other.pay("20.00", (other.charge(old, amount="30.00"), "5.00"))
    paid = till.of(client(cast.north, by=cast.frontdesk, first="Mika"))
    paid.pay("10.00")
    rows = listed(till)
    assert [(row["client"], row["balance"], row["credit"]) for row in rows] == [
        (str(other.client.pk), "10.00", "15.00"),
        (str(till.client.pk), "100.00", "0.00"),
        (str(paid.client.pk), "-10.00", "10.00"),
    ]
    assert rows[0]["ageing"] == NONE_OPEN | {"d31_60": "25.00"}
    for row in rows:
        whole = done(account(till, pk=row["client"]), 200)
        assert {name: whole[name] for name in row if name != "mrn"} == {n: row[n] for n in row if n != "mrn"}
    assert [row["mrn"] for row in listed(till, state="owes")] == [other.client.mrn, till.client.mrn]
    assert [row["mrn"] for row in listed(till, state="credit")] == [other.client.mrn, paid.client.mrn]
    assert [row["mrn"] for row in listed(till, page="2", page_size="1")] == [till.client.mrn]
    assert events("account.list")[-1] == (cast.billing.pk, "ok", [till.client.pk])


def test_two_registrations_are_listed_as_the_person_they_are(till: Till, cast: Cast) -> None:
    till.charge(amount="100.00")
    twin = client(cast.north, by=cast.frontdesk, first="Robin")
    till.pay("30.00", client=str(twin.pk))
    cast.desk("director").must(
        f"clients/{twin.pk}/merge/", {"into": str(till.client.pk), "reason": "the same person"}
    )
    assert [(row["mrn"], row["balance"]) for row in listed(till)] == [(till.client.mrn, "70.00")]


def test_accounts_of_another_location_are_listed_to_nobody_here(till: Till, cast: Cast) -> None:
    till.charge(amount="100.00")
    assert listed(till, "south_billing") == []
    assert listed(till, "south_billing", location=str(cast.north.pk)) == []
    assert listed(till, location=str(cast.south.pk)) == []
    assert len(listed(till, location=str(cast.north.pk))) == 1
    for who in sorted(PERSON.values()):
        answer = cast.desk(who).get("accounts/")
        assert answer.status_code == (200 if who in {"billing", "director"} else 403), who


def test_a_thousand_accounts_ask_no_more_than_one(till: Till, cast: Cast) -> None:
    till.charge(amount="100.00")
    with CaptureQueriesContext(connection) as one:
        listed(till)
    for n in range(49):
        who = client(cast.north, by=cast.frontdesk, first=f"Jamie{n}").pk
        entry: Any = {"client": who, "amount": Decimal(n + 1), "method": "cash", "received_on": NOW.date()}
        take_payment(values=entry, by=cast.billing, at=NOW)
    with CaptureQueriesContext(connection) as more:
        assert len(listed(till)) == 50
    assert len(more) <= len(one)
    pages = [row["balance"] for page in ("1", "2", "3") for row in listed(till, page=page, page_size="20")]
    assert pages == ["100.00", *(f"{-n}.00" for n in range(49, 0, -1))]


# --- the front desk ------------------------------------------------------------------------------------------------


def try_to_take(till: Till, amount: str, who: str = "frontdesk", **body: Any) -> Any:
    shape = {
        "client": str(till.client.pk),
        "amount": amount,
        "method": "card",
        "received_on": "2026-05-20",
    }
    return till.cast.desk(who).post("payments/", shape | body)


def test_a_desk_that_may_takes_payments_and_reads_what_is_owed_and_nothing_else(
    till: Till, cast: Cast
) -> None:
    charge = till.charge(amount="150.00")
    refused(account(till, "frontdesk"), 403, "not_permitted")
    refused(try_to_take(till, "30.00"), 403, "not_permitted")
    assert not Payment.objects.exists()
    let_the_desk(cast)
    assert done(account(till, "frontdesk"), 200) == {"balance": "150.00", "owes": "150.00"}
    taken = done(try_to_take(till, "30.00"), 201)
    assert (taken["amount"], taken["location"], taken["unallocated"]) == (
        "30.00",
        str(cast.north.pk),
        "30.00",
    )
    assert taken["allowed_moves"] == []
    done(try_to_take(till, "20.00", allocations=[{"charge": charge["id"], "amount": "20.00"}]), 201)
    assert done(account(till, "frontdesk"), 200) == {"balance": "100.00", "owes": "100.00"}
    assert events("client.account")[-1] == (cast.frontdesk.pk, "ok", [till.client.pk])
    desk = cast.desk("frontdesk")
    url = f"payments/{taken['id']}/"
    closed = (
        "payments/",
        url,
        f"{url}receipt/",
        f"{url}receipt/pdf/",
        "charges/",
        "refunds/",
        "adjustments/",
    )
    closed += ("statements/", "superbills/", "receipts/", "fees/", "service-codes/", "fee-agreements/")
    assert {path: desk.get(path).status_code for path in closed} == dict.fromkeys(closed, 403)
    for path in (f"{url}reverse/", f"{url}allocate/", "refunds/", "charges/", "adjustments/", "statements/"):
        refused(desk.post(path, {}), 403, "not_permitted")
    for who in ("np", "therapist", "prescriber", "admin"):
        refused(account(till, who), 403, "not_permitted")
        refused(try_to_take(till, "1.00", who), 403, "not_permitted")
    assert Payment.objects.count() == 2
    assert not Refund.objects.exists()


def test_the_desk_takes_no_money_where_its_location_does_not_let_it(till: Till, cast: Cast) -> None:
    let_the_desk(cast)
    both = {"locations": [cast.north.pk, cast.south.pk]}
    practice.save_staff(user=cast.frontdesk, values=both, by=cast.admin, at=NOW)
    south = client(cast.south, by=cast.south_frontdesk, first="South")
    refused(try_to_take(till, "10.00", client=str(south.pk)), 403, "not_permitted")
    refused(account(till, "frontdesk", south.pk), 403, "not_permitted")
    practice.save_client(client=till.client, values=both, by=cast.frontdesk, at=NOW)
    refused(try_to_take(till, "10.00", location=str(cast.south.pk)), 403, "not_permitted")
    assert done(try_to_take(till, "10.00"), 201)["location"] == str(cast.north.pk)
    assert account(till, "south_frontdesk").status_code == 403
    let_the_desk(cast, take=False)
    refused(try_to_take(till, "10.00"), 403, "not_permitted")
    assert Payment.objects.count() == 1


def test_a_desk_payment_is_taken_once_and_checked_like_billings(till: Till, cast: Cast) -> None:
    let_the_desk(cast)
    till.charge(amount="50.00")
    body = {"client": str(till.client.pk), "amount": "5.00", "method": "cash", "received_on": "2026-05-20"}
    desk = cast.desk("frontdesk")
    refused(desk.post("payments/", body, key=None), 400, "idempotency_key_required")
    first = done(desk.post("payments/", body, key="once"), 201)
    assert done(desk.post("payments/", body, key="once"), 201) == first
    assert Payment.objects.count() == 1
    refused(desk.post("payments/", body | {"received_on": "2026-05-21"}), 400, "in_future", "/received_on")
    let_the_desk(cast, take=False)
    refused(desk.post("payments/", body, key="once"), 403, "not_permitted")  # no replay either


def test_the_administrator_decides_which_desk_takes_payments(till: Till, cast: Cast) -> None:
    url = f"locations/{cast.north.pk}/"
    assert cast.desk("frontdesk").get(url).json()["desk_takes_payments"] is False
    assert cast.desk("director").patch(url, {"desk_takes_payments": True}).status_code == 403
    assert (
        done(cast.desk("admin").patch(url, {"desk_takes_payments": True}), 200)["desk_takes_payments"] is True
    )
    assert done(account(till, "frontdesk"), 200) == {"balance": "0.00", "owes": "0.00"}


# --- refunds -------------------------------------------------------------------------------------------------------


def test_money_goes_back_another_way_by_the_directors_word_alone(till: Till, cast: Cast) -> None:
    payment = till.pay("100.00", method="card")
    body = {"payment": payment["id"], "amount": "40.00", "reason": "early stop", "method": "cash"}
    refused(till.desk.post("refunds/", body), 400, "required", "/override_reason")
    refused(till.desk.post("refunds/", body | {"override_reason": "card closed"}), 403, "not_permitted")
    refused(cast.desk("director").post("refunds/", body), 400, "required", "/override_reason")
    assert not Refund.objects.exists()
    given = cast.desk("director").must("refunds/", body | {"override_reason": "card closed"}, status=201)
    assert (given["method"], given["override_reason"]) == ("cash", "card closed")
    undone = till.desk.must(f"refunds/{given['id']}/reverse/", {"reason": "not handed over"}, status=201)
    assert (undone["amount"], undone["method"]) == ("-40.00", "cash")
    same = till.desk.must("refunds/", body | {"method": "card"}, status=201)
    assert (same["method"], same["override_reason"]) == ("card", "")
    hsa = till.pay("10.00", method="hsa_card")
    never = body | {"payment": hsa["id"], "amount": "1.00", "override_reason": "card closed"}
    refused(cast.desk("director").post("refunds/", never), 400, "same_card_only", "/method")
