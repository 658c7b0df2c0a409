"""POST payments/, allocate/, reverse/ and refunds/: money in, money back, never more than there is."""

from __future__ import annotations

import pytest

from billing.models import Payment, PaymentAllocation, Refund
from kapclinic.practice.models import SYSTEM
from tests.billing.builders import NOW, Clinic, done, key, make_client, make_user, refused


def refund(clinic: Clinic, payment, amount, **body):
    shape = {"payment": payment["id"], "amount": amount, "reason": "early stop"}
    return clinic.api().post("/api/v1/refunds/", shape | body, headers=key())


def charge_now(clinic: Clinic, charge):
    return clinic.api().get(f"/api/v1/charges/{charge['id']}/").json()


def payment_now(clinic: Clinic, payment):
    return clinic.api().get(f"/api/v1/payments/{payment['id']}/").json()


def test_one_payment_pays_two_charges_and_leaves_a_credit(clinic):
    first, second = clinic.charge(amount="100.10"), clinic.charge(amount="49.90")
    answer = clinic.pay("175.00", (first, "100.10"), (second, "40.00"), reference="Visa 4242", method="card")
    assert answer["allocations"] == [
        {"charge": first["id"], "amount": "100.10"},
        {"charge": second["id"], "amount": "40.00"},
    ]
    assert (answer["allocated"], answer["unallocated"], answer["refunded"]) == ("140.10", "34.90", "0.00")
    assert answer["received_on"] == "2026-05-20"
    assert charge_now(clinic, first)["balance"] == "0.00"
    assert charge_now(clinic, second)["balance"] == "9.90"


def test_the_same_key_never_takes_the_money_twice(clinic):
    charge = clinic.charge(amount="100.00")
    once = key()
    body = {
        "client": str(clinic.client.pk),
        "amount": "60.00",
        "method": "cash",
        "received_on": "2026-05-20",
        "allocations": [{"charge": charge["id"], "amount": "60.00"}],
    }
    first = done(clinic.api().post("/api/v1/payments/", body, headers=once), 201)
    again = clinic.api().post("/api/v1/payments/", body, headers=once)
    assert done(again, 201) == first
    assert again.headers["Idempotency-Replayed"] == "true"
    other = clinic.api().post("/api/v1/payments/", body | {"amount": "70.00"}, headers=once)
    refused(other, 422, "idempotency_key_reused")
    assert Payment.objects.count() == 1
    assert charge_now(clinic, charge)["paid"] == "60.00"


@pytest.mark.parametrize("path", ["payments/", "refunds/"])
def test_money_needs_an_idempotency_key(clinic, path):
    refused(clinic.api().post(f"/api/v1/{path}", {}), 400, "idempotency_key_required")


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
def test_a_payment_that_cannot_be_is_refused_by_field(clinic, body, pointer, code):
    rest = {name: value for name, value in body.items() if name != "amount"}
    refused(clinic.try_to_pay(body.get("amount", "10.00"), **rest), 400, code, pointer)
    assert not Payment.objects.exists()


def test_today_is_the_locations_today(clinic):
    """At 18:00 UTC it is the 20th in Denver: a payment of the 20th is fine, one of the 21st is not."""
    clinic.location.time_zone = "Pacific/Auckland"
    clinic.location.save_by(SYSTEM, at=NOW)
    assert clinic.pay("10.00", received_on="2026-05-21")["received_on"] == "2026-05-21"


def test_shares_never_come_to_more_than_the_payment(clinic):
    first, second = clinic.charge(amount="60.00"), clinic.charge(amount="60.00")
    answer = clinic.try_to_pay("100.00", (first, "60.00"), (second, "40.01"))
    refused(answer, 400, "over_allocated", "/allocations")
    assert not Payment.objects.exists()
    clinic.pay("100.00", (first, "60.00"), (second, "40.00"))


def test_a_charge_is_never_overpaid(clinic):
    charge = clinic.charge(amount="60.00")
    clinic.pay("50.00", (charge, "50.00"))
    refused(clinic.try_to_pay("20.00", (charge, "10.01")), 409, "over_allocated", "/allocations/0/amount")
    assert Payment.objects.count() == 1
    clinic.pay("20.00", (charge, "10.00"))


def test_a_reversed_charge_takes_no_money(clinic):
    charge = clinic.charge(amount="60.00")
    done(clinic.api().post(f"/api/v1/charges/{charge['id']}/reverse/", {"reason": "twice"}), 201)
    refused(clinic.try_to_pay("60.00", (charge, "60.00")), 409, "over_allocated")


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.001"])
def test_a_share_is_a_positive_amount(clinic, amount):
    answer = done(clinic.try_to_pay("10.00", (clinic.charge(), amount)), 400)
    assert answer["errors"][0]["pointer"] == "/allocations/0/amount"


def test_a_charge_is_named_once_in_a_payment(clinic):
    charge = clinic.charge()
    refused(
        clinic.try_to_pay("10.00", (charge, "5.00"), (charge, "5.00")),
        400,
        "duplicate",
        "/allocations/1/charge",
    )


def test_nobody_pays_for_another_client(clinic):
    charge = clinic.charge()
    other = make_client(clinic.staff["front_desk"], clinic.location, legal_first_name="Other")
    answer = clinic.try_to_pay("10.00", (charge, "10.00"), client=str(other.pk))
    refused(answer, 400, "not_found", "/allocations/0/charge")
    assert not Payment.objects.exists()


@pytest.mark.parametrize("method", ["hsa_card", "fsa_card"])
def test_a_health_card_pays_medical_lines_only(clinic, method):
    medical = clinic.charge(line_kind="insurance", amount="20.00")
    eligible = clinic.charge(line_kind="hsa_eligible", amount="20.00")
    private = clinic.charge(line_kind="self_pay", amount="20.00")
    answer = clinic.try_to_pay("40.00", (medical, "20.00"), (private, "20.00"), method=method)
    refused(answer, 400, "not_hsa_eligible", "/allocations/1/charge")
    assert not PaymentAllocation.objects.exists()
    credit = clinic.pay("60.00", (medical, "20.00"), (eligible, "20.00"), method=method)
    body = {"allocations": [{"charge": private["id"], "amount": "20.00"}]}
    later = clinic.api().post(f"/api/v1/payments/{credit['id']}/allocate/", body)
    refused(later, 400, "not_hsa_eligible", "/allocations/0/charge")


def test_credit_pays_a_later_charge_and_not_more(clinic):
    credit = clinic.pay("100.00")
    charge = clinic.charge(amount="150.00")
    url = f"/api/v1/payments/{credit['id']}/allocate/"
    share = lambda amount: {"allocations": [{"charge": charge["id"], "amount": amount}]}  # noqa: E731
    refused(clinic.api().post(url, share("100.01")), 409, "over_allocated")
    answer = done(clinic.api().post(url, share("100.00")), 200)
    assert (answer["allocated"], answer["unallocated"]) == ("100.00", "0.00")
    refused(clinic.api().post(url, share("0.01")), 409, "over_allocated")
    assert charge_now(clinic, charge)["balance"] == "50.00"


def test_a_bounced_payment_is_reversed_and_the_charge_is_owed_again(clinic):
    charge = clinic.charge(amount="80.00")
    payment = clinic.pay("80.00", (charge, "80.00"), method="check", reference="1017")
    url = f"/api/v1/payments/{payment['id']}/"
    reversal = done(clinic.api().post(f"{url}reverse/", {"reason": "bounced"}), 201)
    assert (reversal["amount"], reversal["reverses"], reversal["status"]) == (
        "-80.00",
        payment["id"],
        "reversal",
    )
    now = payment_now(clinic, payment)
    assert (now["status"], now["allocated"], now["unallocated"]) == ("reversed", "0.00", "0.00")
    assert charge_now(clinic, charge)["balance"] == "80.00"
    refused(clinic.api().post(f"{url}reverse/", {"reason": "again"}), 409, "already_reversed")
    share = {"allocations": [{"charge": charge["id"], "amount": "1.00"}]}
    refused(clinic.api().post(f"{url}allocate/", share), 409, "over_allocated")
    refused(refund(clinic, payment, "1.00"), 409, "over_refunded", "/amount")
    on_reversal = clinic.api().post(f"/api/v1/payments/{reversal['id']}/allocate/", share)
    refused(on_reversal, 409, "over_allocated")
    refused(refund(clinic, reversal, "1.00"), 400, "not_found", "/payment")


def test_a_refund_takes_the_credit_first_and_then_what_was_paid_last(clinic):
    first, second = clinic.charge(amount="60.00"), clinic.charge(amount="30.00")
    payment = clinic.pay("100.00", (first, "60.00"), (second, "30.00"))
    answer = done(refund(clinic, payment, "10.00"), 201)
    assert (answer["amount"], answer["method"], answer["reason"]) == ("10.00", "card", "early stop")
    assert charge_now(clinic, second)["balance"] == "0.00"
    done(refund(clinic, payment, "12.50"), 201)
    assert charge_now(clinic, second)["balance"] == "12.50"
    done(refund(clinic, payment, "20.00"), 201)
    assert charge_now(clinic, second)["balance"] == "30.00"
    assert charge_now(clinic, first)["balance"] == "2.50"
    now = payment_now(clinic, payment)
    assert (now["refunded"], now["allocated"], now["unallocated"]) == ("42.50", "57.50", "0.00")
    assert now["allocations"] == [{"charge": first["id"], "amount": "57.50"}]


def test_nobody_gets_more_back_than_they_paid(clinic):
    payment = clinic.pay("100.00")
    done(refund(clinic, payment, "70.00"), 201)
    refused(refund(clinic, payment, "30.01"), 409, "over_refunded", "/amount")
    assert Refund.objects.count() == 1
    done(refund(clinic, payment, "30.00"), 201)
    refused(refund(clinic, payment, "0.01"), 409, "over_refunded", "/amount")


def test_refunded_money_pays_nothing_more(clinic):
    payment = clinic.pay("100.00")
    done(refund(clinic, payment, "70.00"), 201)
    body = {"allocations": [{"charge": clinic.charge()["id"], "amount": "30.01"}]}
    refused(clinic.api().post(f"/api/v1/payments/{payment['id']}/allocate/", body), 409, "over_allocated")


def test_a_refunded_payment_is_not_reversed_before_its_refund(clinic):
    payment = clinic.pay("100.00")
    back = done(refund(clinic, payment, "40.00"), 201)
    url = f"/api/v1/payments/{payment['id']}/reverse/"
    refused(clinic.api().post(url, {"reason": "wrong"}), 409, "refunded")
    undone = done(
        clinic.api().post(f"/api/v1/refunds/{back['id']}/reverse/", {"reason": "card refused it"}), 201
    )
    assert (undone["amount"], undone["reverses"]) == ("-40.00", back["id"])
    assert payment_now(clinic, payment)["unallocated"] == "100.00"
    again = clinic.api().post(f"/api/v1/refunds/{back['id']}/reverse/", {"reason": "twice"})
    refused(again, 409, "already_reversed")
    done(clinic.api().post(url, {"reason": "wrong"}), 201)


@pytest.mark.parametrize("method", ["hsa_card", "fsa_card"])
def test_health_account_money_goes_back_to_its_card(clinic, method):
    payment = clinic.pay("50.00", method=method)
    refused(refund(clinic, payment, "50.00", method="cash"), 400, "same_card_only", "/method")
    assert done(refund(clinic, payment, "50.00"), 201)["method"] == method


def test_the_list_of_payments_tells_where_the_money_went_in_few_queries(
    clinic, django_assert_max_num_queries
):
    charge = clinic.charge(amount="30.00")
    for _ in range(3):
        clinic.pay("15.00", (charge, "10.00"))
    with django_assert_max_num_queries(5):
        page = (
            clinic.api()
            .get(f"/api/v1/payments/?client={clinic.client.pk}&method=card&unallocated=true")
            .json()
        )
    assert [row["unallocated"] for row in page["results"]] == ["5.00"] * 3
    assert all(row["allocations"] == [{"charge": charge["id"], "amount": "10.00"}] for row in page["results"])
    assert clinic.api().get("/api/v1/payments/?from_date=2026-05-21").json()["count"] == 0
    assert clinic.api().get(f"/api/v1/refunds/?client={clinic.client.pk}").json()["count"] == 0


def test_money_of_another_location_is_not_found(clinic):
    payment = clinic.pay("20.00")
    back = done(refund(clinic, payment, "5.00"), 201)
    clinic.staff["stranger"] = make_user("Far Biller", ["billing"], [clinic.elsewhere.pk])
    api = clinic.api("stranger")
    for path in (f"payments/{payment['id']}/", f"refunds/{back['id']}/"):
        assert api.get(f"/api/v1/{path}").status_code == 404
        assert api.post(f"/api/v1/{path}reverse/", {"reason": "not mine"}).status_code == 404
    body = {"payment": payment["id"], "amount": "5.00", "reason": "not mine"}
    refused(api.post("/api/v1/refunds/", body, headers=key()), 400, "not_found", "/payment")
    assert Refund.objects.count() == 1
