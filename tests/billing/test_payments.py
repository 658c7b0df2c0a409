"""POST payments/, allocate/, reverse/ and refunds/: money in, money back, never more than there is."""

from __future__ import annotations

import pytest

from billing.models import Adjustment, Payment, PaymentAllocation, Refund
from kapclinic.practice.models import SYSTEM
from tests.asking import done, refused
from tests.billing.till import NOW, Till
from tests.cast import client


def refund(till: Till, payment, amount, **body):
    shape = {"payment": payment["id"], "amount": amount, "reason": "early stop"}
    return till.desk.post("refunds/", shape | body)


def charge_now(till: Till, charge):
    return till.desk.get(f"charges/{charge['id']}/").json()


def payment_now(till: Till, payment):
    return till.desk.get(f"payments/{payment['id']}/").json()


def test_one_payment_pays_two_charges_and_leaves_a_credit(till):
    first, second = till.charge(amount="100.10"), till.charge(amount="49.90")
    answer = till.pay("175.00", (first, "100.10"), (second, "40.00"), reference="Visa 4242", method="card")
    assert answer["allocations"] == [
        {"charge": first["id"], "amount": "100.10"},
        {"charge": second["id"], "amount": "40.00"},
    ]
    assert (answer["allocated"], answer["unallocated"], answer["refunded"]) == ("140.10", "34.90", "0.00")
    assert answer["received_on"] == "2026-05-20"
    assert charge_now(till, first)["balance"] == "0.00"
    assert charge_now(till, second)["balance"] == "9.90"


def test_the_same_key_never_takes_the_money_twice(till):
    charge = till.charge(amount="100.00")
    once = "once"
    body = {
        "client": str(till.client.pk),
        "amount": "60.00",
        "method": "cash",
        "received_on": "2026-05-20",
        "allocations": [{"charge": charge["id"], "amount": "60.00"}],
    }
    first = till.desk.must("payments/", body, key=once, status=201)
    again = till.desk.post("payments/", body, key=once)
    assert done(again, 201) == first
    assert again.headers["Idempotency-Replayed"] == "true"
    other = till.desk.post("payments/", body | {"amount": "70.00"}, key=once)
    refused(other, 422, "idempotency_key_reused")
    assert Payment.objects.count() == 1
    assert charge_now(till, charge)["paid"] == "60.00"


@pytest.mark.parametrize("path", ["payments/", "refunds/"])
def test_money_needs_an_idempotency_key(till, path):
    refused(till.desk.post(path, {}, key=None), 400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"amount": "0.00"}, "/amount", "min_value"),
        ({"amount": "-5.00"}, "/amount", "min_value"),
        ({"amount": "10.001"}, "/amount", "max_decimal_places"),
        ({"method": "barter"}, "/method", "invalid_choice"),
        ({"received_on": "2026-05-21"}, "/received_on", "in_future"),
        ({"received_on": "20/05/2026"}, "/received_on", "invalid"),
        ({"reference": "4111 1111 1111 1111"}, "/reference", "card_number"),
        ({"client": "0198c0de-0000-7000-8000-000000000000"}, "/client", "not_found"),
        ({"location": "0198c0de-0000-7000-8000-000000000000"}, "/location", "not_found"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_by_field(till, body, pointer, code):
    rest = {name: value for name, value in body.items() if name != "amount"}
    refused(till.try_to_pay(body.get("amount", "10.00"), **rest), 400, code, pointer)
    assert not Payment.objects.exists()


def test_no_number_of_a_card_stands_in_the_books_whatever_is_around_it(till):
    kept = "415-555-0107 / 415-555-0199, 415-555-0109 2026-05-04, 4242 of 2026-05-20 2026-05-21, call 303-555-0143 720-555-0199, trace 4242424242424241"
    paid = till.pay("10.00", reference=kept[:80])
    charge = till.charge()
    adjustment = {"charge": charge["id"], "amount": "-1.00", "reason": "courtesy"}
    refund = {"payment": paid["id"], "amount": "1.00"}
    for number in (
        "Visa 4242424242424242",
        "4242.4242.4242.4242",
        "#4242-4242-4242-4242 exp 12/29",
        "4242_4242_4242_4242 12 29",
        "4242 - 4242 - 4242 - 4242",
        "4242\u20114242\u20114242\u20114242",
        "\uff14\uff12" * 8,
        "amex 378282246310005, then the rest",
    ):
        refused(till.try_to_pay("10.00", reference=number), 400, "card_number", "/reference")
        for path, body, field in (
            ("refunds/", refund | {"reason": number}, "reason"),
            (f"payments/{paid['id']}/reverse/", {"reason": number}, "reason"),
            ("adjustments/", adjustment | {"note": number}, "note"),
        ):
            answer = till.desk.post(path, body)
            refused(answer, 400, "card_number", f"/{field}")
            assert number not in answer.content.decode()
    elsewhere = refund | {"reason": "early stop", "method": "cash", "override_reason": "to 4242424242424242"}
    refused(till.desk.post("refunds/", elsewhere), 400, "card_number", "/override_reason")
    assert (Payment.objects.count(), Refund.objects.count(), Adjustment.objects.count()) == (1, 0, 0)
    till.desk.must("refunds/", refund | {"reason": kept}, status=201)
    till.desk.must("adjustments/", adjustment | {"note": kept}, status=201)


def test_today_is_the_locations_today(till, cast):
    """At 18:00 UTC it is the 20th in Denver: a payment of the 20th is fine, one of the 21st is not."""
    cast.north.time_zone = "Pacific/Auckland"
    cast.north.save_by(SYSTEM, at=NOW)
    assert till.pay("10.00", received_on="2026-05-21")["received_on"] == "2026-05-21"


def test_shares_never_come_to_more_than_the_payment(till):
    first, second = till.charge(amount="60.00"), till.charge(amount="60.00")
    answer = till.try_to_pay("100.00", (first, "60.00"), (second, "40.01"))
    refused(answer, 400, "over_allocated", "/allocations")
    assert not Payment.objects.exists()
    till.pay("100.00", (first, "60.00"), (second, "40.00"))


def test_a_charge_is_never_overpaid(till):
    charge = till.charge(amount="60.00")
    till.pay("50.00", (charge, "50.00"))
    refused(till.try_to_pay("20.00", (charge, "10.01")), 409, "over_allocated", "/allocations/0/amount")
    assert Payment.objects.count() == 1
    till.pay("20.00", (charge, "10.00"))


def test_a_reversed_charge_takes_no_money(till):
    charge = till.charge(amount="60.00")
    till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "twice"}, status=201)
    refused(till.try_to_pay("60.00", (charge, "60.00")), 409, "over_allocated")


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.001"])
def test_a_share_is_a_positive_amount(till, amount):
    answer = done(till.try_to_pay("10.00", (till.charge(), amount)), 400)
    assert answer["errors"][0]["pointer"] == "/allocations/0/amount"


def test_a_charge_is_named_once_in_a_payment(till):
    charge = till.charge()
    refused(
        till.try_to_pay("10.00", (charge, "5.00"), (charge, "5.00")),
        400,
        "duplicate",
        "/allocations/1/charge",
    )


def test_nobody_pays_for_another_client(till, cast):
    charge = till.charge()
    other = client(cast.north, by=cast.frontdesk, first="Other")
    answer = till.try_to_pay("10.00", (charge, "10.00"), client=str(other.pk))
    refused(answer, 400, "not_found", "/allocations/0/charge")
    assert not Payment.objects.exists()


@pytest.mark.parametrize("method", ["hsa_card", "fsa_card"])
def test_a_health_card_pays_medical_lines_only(till, method):
    medical = till.charge(line_kind="insurance", amount="20.00")
    eligible = till.charge(line_kind="hsa_eligible", kind_reason="No claim", amount="20.00")
    private = till.charge(line_kind="self_pay", kind_reason="No health account", amount="20.00")
    answer = till.try_to_pay("40.00", (medical, "20.00"), (private, "20.00"), method=method)
    refused(answer, 400, "not_hsa_eligible", "/allocations/1/charge")
    assert not PaymentAllocation.objects.exists()
    credit = till.pay("60.00", (medical, "20.00"), (eligible, "20.00"), method=method)
    body = {"allocations": [{"charge": private["id"], "amount": "20.00"}]}
    later = till.desk.post(f"payments/{credit['id']}/allocate/", body)
    refused(later, 400, "not_hsa_eligible", "/allocations/0/charge")


def test_credit_pays_a_later_charge_and_not_more(till):
    credit = till.pay("100.00")
    charge = till.charge(amount="150.00")
    url = f"payments/{credit['id']}/allocate/"
    share = lambda amount: {"allocations": [{"charge": charge["id"], "amount": amount}]}  # noqa: E731
    refused(till.desk.post(url, share("100.01")), 409, "over_allocated")
    answer = till.desk.must(url, share("100.00"), status=200)
    assert (answer["allocated"], answer["unallocated"]) == ("100.00", "0.00")
    refused(till.desk.post(url, share("0.01")), 409, "over_allocated")
    assert charge_now(till, charge)["balance"] == "50.00"


def test_a_bounced_payment_is_reversed_and_the_charge_is_owed_again(till):
    charge = till.charge(amount="80.00")
    payment = till.pay("80.00", (charge, "80.00"), method="check", reference="1017")
    url = f"payments/{payment['id']}/"
    reversal = till.desk.must(f"{url}reverse/", {"reason": "bounced"}, status=201)
    assert (reversal["amount"], reversal["reverses"], reversal["status"]) == (
        "-80.00",
        payment["id"],
        "reversal",
    )
    now = payment_now(till, payment)
    assert (now["status"], now["allocated"], now["unallocated"]) == ("reversed", "0.00", "0.00")
    assert charge_now(till, charge)["balance"] == "80.00"
    refused(till.desk.post(f"{url}reverse/", {"reason": "again"}), 409, "already_reversed")
    share = {"allocations": [{"charge": charge["id"], "amount": "1.00"}]}
    refused(till.desk.post(f"{url}allocate/", share), 409, "over_allocated")
    refused(refund(till, payment, "1.00"), 409, "over_refunded", "/amount")
    on_reversal = till.desk.post(f"payments/{reversal['id']}/allocate/", share)
    refused(on_reversal, 409, "over_allocated")
    refused(refund(till, reversal, "1.00"), 400, "not_found", "/payment")


def test_a_refund_takes_the_credit_first_and_then_what_was_paid_last(till):
    first, second = till.charge(amount="60.00"), till.charge(amount="30.00")
    payment = till.pay("100.00", (first, "60.00"), (second, "30.00"))
    answer = done(refund(till, payment, "10.00"), 201)
    assert (answer["amount"], answer["method"], answer["reason"]) == ("10.00", "card", "early stop")
    assert charge_now(till, second)["balance"] == "0.00"
    done(refund(till, payment, "12.50"), 201)
    assert charge_now(till, second)["balance"] == "12.50"
    done(refund(till, payment, "20.00"), 201)
    assert charge_now(till, second)["balance"] == "30.00"
    assert charge_now(till, first)["balance"] == "2.50"
    now = payment_now(till, payment)
    assert (now["refunded"], now["allocated"], now["unallocated"]) == ("42.50", "57.50", "0.00")
    assert now["allocations"] == [{"charge": first["id"], "amount": "57.50"}]


def test_the_shares_of_one_payment_keep_their_order(till):
    """Made in one millisecond, their keys alone would not tell which came last."""
    charges = [till.charge(amount="10.00") for _ in range(8)]
    payment = till.pay("80.00", *((charge, "10.00") for charge in charges))
    assert [share["charge"] for share in payment["allocations"]] == [charge["id"] for charge in charges]
    for left in range(7, -1, -1):
        done(refund(till, payment, "10.00"), 201)
        kept = [share["charge"] for share in payment_now(till, payment)["allocations"]]
        assert kept == [charge["id"] for charge in charges[:left]]


def test_nobody_gets_more_back_than_they_paid(till):
    payment = till.pay("100.00")
    done(refund(till, payment, "70.00"), 201)
    refused(refund(till, payment, "30.01"), 409, "over_refunded", "/amount")
    assert Refund.objects.count() == 1
    done(refund(till, payment, "30.00"), 201)
    refused(refund(till, payment, "0.01"), 409, "over_refunded", "/amount")


def test_refunded_money_pays_nothing_more(till):
    payment = till.pay("100.00")
    done(refund(till, payment, "70.00"), 201)
    body = {"allocations": [{"charge": till.charge()["id"], "amount": "30.01"}]}
    refused(till.desk.post(f"payments/{payment['id']}/allocate/", body), 409, "over_allocated")


def test_a_refunded_payment_is_not_reversed_before_its_refund(till):
    payment = till.pay("100.00")
    back = done(refund(till, payment, "40.00"), 201)
    url = f"payments/{payment['id']}/reverse/"
    refused(till.desk.post(url, {"reason": "wrong"}), 409, "refunded")
    undone = till.desk.must(f"refunds/{back['id']}/reverse/", {"reason": "card refused it"}, status=201)
    assert (undone["amount"], undone["reverses"]) == ("-40.00", back["id"])
    assert payment_now(till, payment)["unallocated"] == "100.00"
    again = till.desk.post(f"refunds/{back['id']}/reverse/", {"reason": "twice"})
    refused(again, 409, "already_reversed")
    till.desk.must(url, {"reason": "wrong"}, status=201)


@pytest.mark.parametrize("method", ["hsa_card", "fsa_card"])
def test_health_account_money_goes_back_to_its_card(till, method):
    payment = till.pay("50.00", method=method)
    refused(refund(till, payment, "50.00", method="cash"), 400, "same_card_only", "/method")
    assert done(refund(till, payment, "50.00"), 201)["method"] == method


def test_only_the_director_gives_money_back_another_way(till, cast):
    payment = till.pay("50.00", method="check")
    refused(refund(till, payment, "20.00", method="cash"), 400, "required", "/override_reason")
    why = {"method": "cash", "override_reason": "The bank account was closed"}
    refused(refund(till, payment, "20.00", **why), 403, "not_permitted")
    assert not Refund.objects.exists()
    body = {"payment": payment["id"], "amount": "20.00", "reason": "early stop"}
    refused(
        cast.desk("director").post("refunds/", body | {"method": "cash"}), 400, "required", "/override_reason"
    )
    back = cast.desk("director").must("refunds/", body | why, status=201)
    assert (back["method"], back["override_reason"]) == ("cash", why["override_reason"])
    same = cast.desk("director").must("refunds/", body | why | {"method": "check"}, status=201)
    assert same["override_reason"] == ""
    card = till.pay("10.00", method="fsa_card")
    never = {"payment": card["id"], "amount": "1.00", "reason": "early stop"} | why
    refused(cast.desk("director").post("refunds/", never), 400, "same_card_only", "/method")


def test_the_list_of_payments_tells_where_the_money_went_in_few_queries(till, django_assert_max_num_queries):
    charge = till.charge(amount="30.00")
    for _ in range(3):
        till.pay("15.00", (charge, "10.00"))
    with django_assert_max_num_queries(5):
        page = till.desk.get(f"payments/?client={till.client.pk}&method=card&unallocated=true").json()
    assert [row["unallocated"] for row in page["results"]] == ["5.00"] * 3
    assert all(row["allocations"] == [{"charge": charge["id"], "amount": "10.00"}] for row in page["results"])
    assert till.desk.get("payments/?from_date=2026-05-21").json()["count"] == 0
    assert till.desk.get(f"refunds/?client={till.client.pk}").json()["count"] == 0


def test_money_of_another_location_is_not_found(till, cast):
    payment = till.pay("20.00")
    back = done(refund(till, payment, "5.00"), 201)
    api = cast.desk("south_billing")
    for path in (f"payments/{payment['id']}/", f"refunds/{back['id']}/"):
        assert api.get(f"{path}").status_code == 404
        assert api.post(f"{path}reverse/", {"reason": "not mine"}).status_code == 404
    body = {"payment": payment["id"], "amount": "5.00", "reason": "not mine"}
    refused(api.post("refunds/", body), 400, "not_found", "/payment")
    assert Refund.objects.count() == 1


# --- two pages, one payment -----------------------------------------------------------------------------------------


def tag(till: Till, payment) -> str:
    return str(till.desk.get(f"payments/{payment['id']}/").headers["ETag"])


def test_a_second_refund_from_a_stale_page_is_refused(till):
    charge = till.charge(amount="100.00")
    payment = till.pay("100.00", (charge, "60.00"))
    seen = tag(till, payment)
    done(stale(till, payment, "40.00", seen), 201)
    told = refused(stale(till, payment, "40.00", seen), 412, "stale")
    assert told["version"] == payment_now(till, payment)["version"]
    assert Refund.objects.count() == 1
    assert payment_now(till, payment)["refunded"] == "40.00"
    done(stale(till, payment, "1.00", tag(till, payment)), 201)
    done(refund(till, payment, "1.00"), 201)  # who names no tag is asked nothing
    refused(refund(till, payment, "58.01"), 409, "over_refunded", "/amount")


def stale(till: Till, payment, amount, seen):
    body = {"payment": payment["id"], "amount": amount, "reason": "early stop"}
    return till.desk.post("refunds/", body, HTTP_IF_MATCH=seen)


def test_each_act_on_a_payment_makes_what_was_read_of_it_stale(till):
    first, second = till.charge(amount="100.00"), till.charge(amount="30.00")
    payment = till.pay("100.00", (first, "60.00"))
    url, seen = f"payments/{payment['id']}/", tag(till, payment)
    share = {"allocations": [{"charge": second["id"], "amount": "10.00"}]}
    acts = (
        lambda: till.desk.must(f"{url}allocate/", share, status=200),
        lambda: till.desk.must(f"charges/{first['id']}/reverse/", {"reason": "wrong line"}, status=201),
        lambda: done(refund(till, payment, "5.00"), 201),
        lambda: done(
            till.desk.post(
                f"refunds/{Refund.objects.latest('created_at').pk}/reverse/", {"reason": "a mistake"}
            ),
            201,
        ),
    )
    for act in acts:
        act()
        assert tag(till, payment) != seen
        shares = PaymentAllocation.objects.count()
        refused(till.desk.post(f"{url}allocate/", share, HTTP_IF_MATCH=seen), 412, "stale")
        refused(till.desk.post(f"{url}reverse/", {"reason": "a mistake"}, HTTP_IF_MATCH=seen), 412, "stale")
        assert PaymentAllocation.objects.count() == shares
        seen = tag(till, payment)
    assert till.desk.must(f"{url}allocate/", share, HTTP_IF_MATCH=seen, status=200)["version"] > 1
    seen = tag(till, payment)
    till.desk.must(f"{url}reverse/", {"reason": "bounced"}, HTTP_IF_MATCH=seen, status=201)
    refused(till.desk.post(f"{url}reverse/", {"reason": "bounced"}, HTTP_IF_MATCH=seen), 412, "stale")


@pytest.mark.django_db(transaction=True)
def test_two_billers_refund_one_payment_once(till):
    """Each from the page that both had open; without it the payment itself is the limit."""
    payment = till.pay("100.00")
    seen = tag(till, payment)
    answers = till.at_once(*[lambda own: stale(own, payment, "30.00", seen)] * 2)
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    answers = till.at_once(*[lambda own: refund(own, payment, "70.00")] * 2)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert payment_now(till, payment)["refunded"] == "100.00"
