"""Twelve desks at once: no number twice or left out, no cent spent twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from billing.models import DocumentCounter, PaymentAllocation, Refund, Superbill
from tests.billing.builders import Clinic, at_noon, done, key, make_client, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 12


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


def race(act: Callable[[int], Any]) -> list[Any]:
    """What each racer got, all having started together."""
    start = Barrier(RACERS)

    def run(number: int) -> Any:
        with at_noon():
            start.wait(timeout=30)
            try:
                return act(number)
            finally:
                connection.close()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def statuses(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_superbills_of_one_client_get_the_numbers_one_to_twelve(clinic):
    clinic.charge()
    answers = race(lambda number: clinic.superbill())
    assert statuses(answers) == [201] * RACERS
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"2026-{n:06d}" for n in range(1, RACERS + 1)]
    assert DocumentCounter.objects.get(series="superbill").last == RACERS


def test_superbills_of_many_clients_and_refusals_among_them_leave_no_gap(clinic):
    """Every third client has nothing to bill: its refusal must give no number away."""
    clients = []
    for number in range(RACERS):
        client = make_client(clinic.staff["front_desk"], clinic.location, legal_first_name=f"C{number}")
        if number % 3:
            clinic.charge(clinic.session(client=client))
        clients.append(client)
    answers = race(lambda number: clinic.superbill(client=str(clients[number].pk)))
    assert statuses(answers) == [201] * 8 + [409] * 4
    numbers = sorted(answer.json()["number"] for answer in answers if answer.status_code == 201)
    assert numbers == [f"2026-{n:06d}" for n in range(1, 9)]


def test_one_payment_is_never_spent_twice(clinic):
    payment = clinic.pay("100.00")
    charges = [clinic.charge(amount="30.00") for _ in range(RACERS)]
    url = f"/api/v1/payments/{payment['id']}/allocate/"
    answers = race(
        lambda number: clinic.api().post(
            url, {"allocations": [{"charge": charges[number]["id"], "amount": "30.00"}]}
        )
    )
    assert statuses(answers) == [200] * 3 + [409] * 9
    left = done(clinic.api().get(f"/api/v1/payments/{payment['id']}/"), 200)
    assert (left["allocated"], left["unallocated"]) == ("90.00", "10.00")
    assert PaymentAllocation.objects.count() == 3


def test_one_charge_is_never_paid_twice(clinic):
    charge = clinic.charge(amount="100.00")
    answers = race(lambda number: clinic.try_to_pay("100.00", (charge, "100.00")))
    assert statuses(answers) == [201] + [409] * 11
    now = clinic.api().get(f"/api/v1/charges/{charge['id']}/").json()
    assert (now["paid"], now["balance"]) == ("100.00", "0.00")


def test_the_same_key_sent_twelve_times_acts_once(clinic):
    charge, once = clinic.charge(amount="100.00"), key()
    body = {
        "client": str(clinic.client.pk),
        "amount": "10.00",
        "method": "cash",
        "received_on": "2026-05-20",
        "allocations": [{"charge": charge["id"], "amount": "10.00"}],
    }
    answers = race(lambda number: clinic.api().post("/api/v1/payments/", body, headers=once))
    assert set(statuses(answers)) <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"request_in_progress"}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert PaymentAllocation.objects.count() == 1


def test_refunds_reversals_and_allocations_at_once_keep_the_sums(clinic):
    """Every racer does something else to the same hundred dollars; whatever wins, nothing is over, nothing deadlocks."""
    charge = clinic.charge(amount="60.00")
    payment = clinic.pay("100.00", (charge, "60.00"))
    other = clinic.charge(amount="60.00")
    api, root = clinic.api, f"/api/v1/payments/{payment['id']}/"
    refund = {"payment": payment["id"], "amount": "35.00", "reason": "early stop"}
    acts: list[Callable[[], Any]] = [
        lambda: api().post("/api/v1/refunds/", refund, headers=key()),
        lambda: api().post(f"{root}allocate/", {"allocations": [{"charge": other["id"], "amount": "25.00"}]}),
        lambda: api().post(f"/api/v1/charges/{charge['id']}/reverse/", {"reason": "race"}),
        lambda: api().post(f"{root}reverse/", {"reason": "race"}),
    ]
    answers = race(lambda number: acts[number % len(acts)]())
    assert {a.status_code for a in answers} <= {200, 201, 409}, [a.content for a in answers]
    now = api().get(root).json()
    spent = sum(float(now[name]) for name in ("allocated", "refunded"))
    assert 0 <= spent <= 100
    assert Refund.objects.count() <= 2
    for row in (charge, other):
        told = api().get(f"/api/v1/charges/{row['id']}/").json()
        assert 0 <= float(told["paid"]) <= 60
    assert Superbill.objects.count() == 0


def test_a_charge_is_reversed_once_however_many_ask(clinic):
    charge = clinic.charge(amount="60.00")
    clinic.pay("60.00", (charge, "60.00"))
    url = f"/api/v1/charges/{charge['id']}/reverse/"
    answers = race(lambda number: clinic.api().post(url, {"reason": "race"}))
    assert statuses(answers) == [201] + [409] * 11
    assert clinic.api().get(f"/api/v1/charges/{charge['id']}/").json()["balance"] == "0.00"
