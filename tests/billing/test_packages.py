"""packages/ and package-purchases/: an exact price, credit that sessions draw, and what comes back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Package, PackageDraw, PackagePurchase
from billing.packages import rules
from kapclinic.trail.models import AuditEvent
from tests.asking import done, pointers, refused
from tests.billing.shop import (
    THREE,
    bought,
    cancel,
    left,
    look,
    offer,
    own_code,
    rendered,
    take_back,
    try_to_buy,
)
from tests.billing.till import Till
from tests.cast import PERSON, Cast, client

MAY = {"billing", "director"}


# --- what is offered ------------------------------------------------------------------------------------------------


def test_a_package_costs_what_its_items_come_to(till: Till) -> None:
    made = offer(till)
    assert (made["name"], made["price"], made["active"], made["version"]) == ("Beginning", "699.99", True, 1)
    assert made["items"] == THREE
    for price in ("699.98", "700.00"):
        body = {"name": "Wrong", "items": THREE, "price": price}
        refused(till.desk.post("packages/", body), 400, "sum_differs", "/price")
    odd = [
        {"code": "90837", "quantity": 1, "unit_amount": "33.34"},
        {"code": "90837", "quantity": 2, "unit_amount": "33.33"},
    ]
    assert offer(till, items=odd, price="100.00")["items"] == odd  # a price that three don't share evenly
    assert Package.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": []}, "/items"),
        (
            {"items": [{"code": "NOPE", "quantity": 1, "unit_amount": "1.00"}], "price": "1.00"},
            "/items/0/code",
        ),
        ({"items": [{"code": "90837", "quantity": 0, "unit_amount": "1.00"}]}, "/items/0/quantity"),
        ({"items": [{"code": "90837", "quantity": 1, "unit_amount": "-1.00"}]}, "/items/0/unit_amount"),
        ({"items": [{"code": "90837", "quantity": 1, "unit_amount": "1.005"}]}, "/items/0/unit_amount"),
        ({"price": "0.00", "items": [{"code": "90837", "quantity": 1, "unit_amount": "0.00"}]}, "/price"),
        ({"name": ""}, "/name"),
    ],
)
def test_a_package_that_nobody_could_sell_is_refused_by_its_field(
    till: Till, change: dict[str, Any], pointer: str
) -> None:
    body = {"name": "Beginning", "items": THREE, "price": "699.99"} | change
    answer = till.desk.post("packages/", body)
    assert (answer.status_code, pointer in pointers(answer)) == (400, True), answer.content
    assert not Package.objects.exists()


def test_a_change_leaves_what_was_sold_and_asks_for_the_version_that_was_read(till: Till) -> None:
    package = offer(till)
    purchase = bought(till, package)
    path = f"packages/{package['id']}/"
    items = [{"code": "90837", "quantity": 1, "unit_amount": "175.00"}]
    refused(till.desk.patch(path, {"items": items}), 400, "sum_differs", "/price")
    changed = done(till.desk.patch(path, {"items": items, "price": "175.00"}), 200)
    assert (changed["price"], changed["version"], changed["name"]) == ("175.00", 2, "Beginning")
    refused(till.desk.patch(path, {"name": "Late"}, match='"1"'), 412, "stale")
    assert look(till, purchase)["price"] == "699.99"
    assert [str(row.price) for row in Package.history.order_by("history_id")] == ["699.99", "175.00"]
    done(till.desk.patch(path, {"active": False}), 200)
    refused(try_to_buy(till, package, till.pay("175.00")), 400, "not_found", "/package")
    assert till.desk.get("packages/?active=true").json()["count"] == 0
    assert till.desk.get("packages/?search=begin").json()["count"] == 1


def test_a_code_that_is_gone_is_neither_offered_nor_sold(till: Till) -> None:
    package = offer(till)
    code = till.desk.get("service-codes/?code=90837").json()["results"][0]
    done(till.desk.patch(f"service-codes/{code['id']}/", {"active": False}), 200)
    refused(try_to_buy(till, package, till.pay("699.99")), 400, "code_not_in_force", "/package")
    body = {"name": "Again", "items": THREE, "price": "699.99"}
    refused(till.desk.post("packages/", body), 400, "code_not_in_force", "/items/0/code")


# --- what is bought -------------------------------------------------------------------------------------------------


def test_a_payment_below_the_price_buys_nothing(till: Till) -> None:
    package = offer(till)
    refused(try_to_buy(till, package, till.pay("699.98")), 400, "payment_too_small", "/payment")
    spent = till.pay("900.00", (till.charge(amount="200.02"), "200.02"))
    answer = refused(try_to_buy(till, package, spent), 409, "credit_short")
    assert answer["left"] == "699.98"
    bounced = till.pay("699.99")
    till.desk.must(f"payments/{bounced['id']}/reverse/", {"reason": "bounced"}, status=201)
    refused(try_to_buy(till, package, bounced), 400, "payment_reversed", "/payment")
    assert not PackagePurchase.objects.exists()


def test_a_payment_serves_one_purchase(till: Till) -> None:
    package = offer(till)
    payment = till.pay("1500.00")
    first = done(try_to_buy(till, package, payment), 201)
    refused(try_to_buy(till, package, payment), 409, "payment_used")
    assert (first["status"], first["unused"], first["drawn"]) == ("active", "699.99", "0.00")
    assert first["allowed_moves"] == ["cancel"]
    body = {"client": str(till.client.pk), "package": package["id"], "payment": till.pay("699.99")["id"]}
    again = [till.desk.post("package-purchases/", body, key="once") for _ in range(2)]
    assert done(again[0], 201) == done(again[1], 201)
    assert PackagePurchase.objects.count() == 2


def test_nobody_buys_with_anothers_money_or_for_a_stranger(till: Till, cast: Cast) -> None:
    package = offer(till)
    assert till.client
    other = till.of(client(cast.north, by=cast.frontdesk, first="Other"))
    theirs = other.pay("699.99")
    refused(try_to_buy(till, package, theirs), 400, "not_found", "/payment")
    far = client(cast.south, by=cast.south_frontdesk, first="Far")
    answer = try_to_buy(till, package, till.pay("699.99"), client=str(far.pk))
    refused(answer, 400, "not_found", "/client")
    assert "Far" not in answer.content.decode()
    assert not PackagePurchase.objects.exists()


def test_a_health_card_buys_no_self_pay_item_and_pays_none(till: Till) -> None:
    private = [{"code": "KAP-SUPPORT", "quantity": 1, "unit_amount": "50.00"}]
    package = offer(till, items=private, price="50.00")
    card = till.pay("50.00", method="hsa_card")
    refused(try_to_buy(till, package, card), 400, "not_hsa_eligible", "/payment")
    calls = [{"code": own_code(till), "quantity": 2, "unit_amount": "60.00"}]
    purchase = bought(till, offer(till, items=calls, price="120.00"), method="hsa_card")
    code = till.desk.get("service-codes/?code=HOUSE-CALL").json()["results"][0]
    done(till.desk.patch(f"service-codes/{code['id']}/", {"line_kind": "self_pay"}), 200)
    plain = rendered(till, code="HOUSE-CALL", amount="80.00")
    assert (plain["amount"], plain["paid"], left(till, purchase)) == ("80.00", "0.00", [2])


# --- what is drawn --------------------------------------------------------------------------------------------------


def test_a_rendered_session_costs_its_unit_amount_and_is_paid_by_the_credit(till: Till) -> None:
    purchase = bought(till)
    charge = rendered(till)
    assert (charge["amount"], charge["paid"], charge["balance"]) == ("150.00", "150.00", "0.00")
    now = look(till, purchase)
    assert [(item["drawn"], item["left"]) for item in now["items"]] == [(1, 1), (0, 1)]
    assert now["draws"] == [{"position": 0, "charge": charge["id"], "quantity": 1, "amount": "150.00"}]
    assert (now["drawn"], now["unused"], now["refundable"]) == ("150.00", "549.99", "0.00")
    paid = till.desk.get(f"payments/{purchase['payment']}/").json()
    assert (paid["allocated"], paid["unallocated"]) == ("150.00", "549.99")


def test_the_last_of_an_item_is_the_last(till: Till) -> None:
    purchase = bought(till, offer(till, items=THREE[:1], price="300.00"))
    for nth in range(2):
        rendered(till, nth)
    assert (left(till, purchase), look(till, purchase)["status"]) == ([0], "used")
    refused(cancel(till, purchase), 409, "illegal_transition")
    third = rendered(till, 2, amount="180.00")
    assert (third["amount"], third["paid"]) == ("180.00", "0.00")


def test_another_price_with_a_reason_is_the_billers_own() -> None:
    """The rule alone: an amount without a reason gives way to the unit amount, one that says why stands."""
    unit = Decimal("150.00")
    for asked, own in (
        ({}, False),
        ({"amount": Decimal("200.00")}, False),
        ({"amount": Decimal("0.00"), "amount_reason": "courtesy"}, True),
        ({"amount": unit, "amount_reason": "package"}, False),
    ):
        assert rules.own_price(asked, prepaid=unit) is own


def test_an_amount_that_was_sent_gives_way_to_the_unit_amount(till: Till) -> None:
    purchase = bought(till)
    charge = rendered(till, amount="200.00")
    assert (charge["amount"], charge["paid"], left(till, purchase)) == ("150.00", "150.00", [1, 1])


def test_a_fee_agreement_takes_nothing_off_what_was_prepaid_and_holds_beyond_it(till: Till) -> None:
    tiers = [{"name": "half", "percent": "50"}]
    scale = done(
        till.desk.post("sliding-scales/", {"name": "By income", "valid_from": "2026-01-01", "tiers": tiers}),
        201,
    )
    agreed = {"scale": scale["id"], "tier": "half", "from_date": "2026-05-01", "to_date": "2026-12-31"}
    shape = agreed | {"client": str(till.client.pk), "basis": "a letter that was seen"}
    till.desk.must("fee-agreements/", shape, status=201)
    bought(till)
    charge = rendered(till)
    assert (charge["amount"], charge["adjustments"], charge["balance"]) == ("150.00", "0.00", "0.00")
    fee = {"code": own_code(till), "amount": "100.01", "valid_from": "2026-01-01"}
    till.desk.must("fees/", fee, status=201)
    one = [{"code": "HOUSE-CALL", "quantity": 1, "unit_amount": "80.00"}]
    bought(till, offer(till, items=one, price="80.00"))
    both = rendered(till, code="HOUSE-CALL", units=3)  # two beyond it, at half of the fee
    told = [both[name] for name in ("amount", "adjustments", "paid", "balance")]
    assert told == ["280.02", "-100.01", "80.00", "100.01"]


def test_units_beyond_the_package_cost_the_fee(till: Till) -> None:
    fee = {"code": own_code(till), "amount": "200.00", "valid_from": "2026-01-01"}
    calls = [{"code": "HOUSE-CALL", "quantity": 2, "unit_amount": "150.00"}]
    purchase = bought(till, offer(till, items=calls, price="300.00"))
    body = {"session": str(till.hour.pk), "code": "HOUSE-CALL", "units": 3}
    refused(till.desk.post("charges/", body), 400, "required", "/amount")
    till.desk.must("fees/", fee, status=201)
    charge = till.desk.must("charges/", body, status=201)
    assert (charge["amount"], charge["paid"], charge["balance"]) == ("500.00", "300.00", "200.00")
    assert left(till, purchase) == [0]


def test_the_oldest_purchase_is_drawn_first_and_one_line_may_take_of_two(till: Till) -> None:
    one = [{"code": own_code(till), "quantity": 1, "unit_amount": "100.00"}]
    first = bought(till, offer(till, items=one, price="100.00"))
    two = [{"code": "HOUSE-CALL", "quantity": 2, "unit_amount": "150.00"}]
    second = bought(till, offer(till, items=two, price="300.00"))
    charge = rendered(till, code="HOUSE-CALL", units=2)
    assert (charge["amount"], charge["paid"]) == ("250.00", "250.00")
    assert (left(till, first), left(till, second)) == ([0], [1])


def test_a_reversed_charge_gives_the_item_back(till: Till) -> None:
    purchase = bought(till)
    charge = rendered(till)
    take_back(till, charge)
    assert (left(till, purchase), look(till, purchase)["draws"]) == ([2, 1], [])
    assert rendered(till, 1)["paid"] == "150.00"
    assert left(till, purchase) == [1, 1]


def test_a_free_item_is_drawn_without_money(till: Till) -> None:
    items = [*THREE[:1], {"code": own_code(till), "quantity": 1, "unit_amount": "0.00"}]
    purchase = bought(till, offer(till, items=items, price="300.00"))
    charge = rendered(till, code="HOUSE-CALL")
    assert (charge["amount"], charge["balance"], left(till, purchase)) == ("0.00", "0.00", [2, 0])


def test_a_refused_charge_draws_nothing(till: Till) -> None:
    purchase = bought(till)
    body = {"session": str(till.hour.pk), "code": "90837", "units": 1, "diagnoses": ["ZZZ"]}
    assert till.desk.post("charges/", body).status_code == 400
    assert (left(till, purchase), PackageDraw.objects.count()) == ([2, 1], 0)


def test_two_registrations_of_one_person_share_their_package(till: Till, cast: Cast) -> None:
    twin = client(cast.north, by=cast.frontdesk, first="Robyn")
    package, money = offer(till), till.pay("699.99", client=str(twin.pk))
    purchase = done(try_to_buy(till, package, money, client=str(twin.pk)), 201)
    alone = rendered(till, amount="180.00")
    assert (alone["amount"], alone["paid"]) == ("180.00", "0.00")
    merge = {"into": str(till.client.pk), "reason": "The same person"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", merge)
    shared = rendered(till, 1)
    assert (shared["client"], shared["amount"], shared["paid"]) == (str(till.client.pk), "150.00", "150.00")
    assert left(till, purchase) == [1, 1]
    assert till.desk.get(f"package-purchases/?client={till.client.pk}").json()["count"] == 1


# --- what comes back ------------------------------------------------------------------------------------------------


def test_kept_money_goes_nowhere_else_until_the_purchase_is_cancelled(till: Till) -> None:
    purchase = bought(till)
    payment = f"payments/{purchase['payment']}/"
    used, other = rendered(till), till.charge(code=own_code(till), amount="10.00")
    share = {"allocations": [{"charge": other["id"], "amount": "10.00"}]}
    refund = {"payment": purchase["payment"], "amount": "549.99", "reason": "The client stops"}
    refused(till.desk.post(f"{payment}allocate/", share), 409, "money_kept")
    refused(till.desk.post("refunds/", refund), 409, "money_kept")
    refused(till.desk.post(f"{payment}reverse/", {"reason": "bounced"}), 409, "money_kept")
    ended = done(cancel(till, purchase), 200)
    assert (ended["status"], ended["refundable"], ended["allowed_moves"]) == ("cancelled", "549.99", [])
    assert (ended["cancel_reason"], ended["unused"]) == ("The client stops", "549.99")
    refused(cancel(till, purchase), 409, "illegal_transition")
    till.desk.must("refunds/", refund, status=201)
    assert look(till, purchase)["refundable"] == "0.00"
    assert till.desk.get(f"charges/{used['id']}/").json()["balance"] == "0.00"  # what was used stays paid
    assert rendered(till, 1, amount="180.00")["paid"] == "0.00"


def test_what_lies_above_the_price_is_plain_credit(till: Till) -> None:
    purchase = done(try_to_buy(till, offer(till), till.pay("720.00")), 201)
    other = till.charge(code=own_code(till), amount="20.01")
    share = {"allocations": [{"charge": other["id"], "amount": "20.01"}]}
    till.desk.must(f"payments/{purchase['payment']}/allocate/", share, status=200)
    refund = {"payment": purchase["payment"], "amount": "0.01", "reason": "rounding"}
    refused(till.desk.post("refunds/", refund), 409, "money_kept")


def test_a_package_is_on_no_document_and_its_sessions_are(till: Till) -> None:
    bought(till)
    refused(till.superbill(), 409, "nothing_to_bill")
    refused(till.receipt(), 409, "nothing_paid")
    rendered(till)
    answer = done(till.superbill(), 201)
    assert [line["amount"] for line in answer["lines"]] == ["150.00"]
    assert answer["totals"]["paid"] == "150.00"
    assert [proof["amount"] for proof in answer["payments"]] == ["150.00"]
    assert "Beginning" not in json.dumps(answer)


# --- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_billing_and_the_director_sell_and_nobody_else_looks(till: Till, cast: Cast, who: str) -> None:
    purchase = bought(till)
    desk, may = cast.desk(who), who in MAY
    before = (Package.objects.count(), PackagePurchase.objects.count())
    for path in ("packages/", f"packages/{purchase['package']}/", "package-purchases/"):
        assert desk.get(path).status_code == (200 if may else 403), path
    assert desk.get(f"package-purchases/{purchase['id']}/").status_code == (200 if may else 403)
    for path in ("packages/", "package-purchases/"):
        assert desk.post(path, {}).status_code == (400 if may else 403), path
    answer = desk.post(f"package-purchases/{purchase['id']}/cancel/", {"reason": "Trying"})
    assert answer.status_code == (200 if may else 403)
    assert may or "699.99" not in answer.content.decode()
    assert before == (Package.objects.count(), PackagePurchase.objects.count())


def test_a_purchase_of_another_location_is_not_found(till: Till, cast: Cast) -> None:
    purchase = bought(till)
    far = cast.desk("south_billing")
    assert far.get("package-purchases/").json()["count"] == 0
    assert far.get(f"package-purchases/{purchase['id']}/").status_code == 404
    assert cancel(Till(cast, till.course, far), purchase).status_code == 404
    assert look(till, purchase)["status"] == "active"


def test_fifty_purchases_cost_no_more_queries_than_one(
    till: Till, django_assert_max_num_queries: Any
) -> None:
    package = offer(till)
    for _ in range(2):
        bought(till, package)
    rendered(till)
    for size in (1, 50):
        with django_assert_max_num_queries(5):
            till.desk.get("package-purchases/", page_size=str(size))
    with django_assert_max_num_queries(4):
        till.desk.get("packages/")


def test_every_sale_is_on_the_record(till: Till) -> None:
    cancel(till, purchase := bought(till))
    look(till, purchase)
    acts = {(event.action, tuple(event.clients)) for event in AuditEvent.objects.all()}
    for action in ("create", "cancel", "retrieve"):
        assert (f"package_purchase.{action}", (till.client.pk,)) in acts, action
