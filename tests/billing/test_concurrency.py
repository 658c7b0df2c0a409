"""Twelve desks at once: no number twice or left out, no cent spent twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from billing.models import Charge, DocumentCounter, PaymentAllocation, Refund, Superbill
from kapclinic.core import clock
from tests.asking import done
from tests.billing.till import NOW, SERVED, Till
from tests.cast import Desk, client

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 12
DAY = timedelta(days=1)


def race(till: Till, act: Callable[[Till, int], Any]) -> list[Any]:
    """What each racer got at a till of their own, all having started together."""
    start = Barrier(RACERS)

    def run(number: int) -> Any:
        with clock.fixed(NOW):
            own = till.beside()
            start.wait(timeout=30)
            try:
                return act(own, number)
            finally:
                connection.close()

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def statuses(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_superbills_of_one_client_get_the_numbers_one_to_twelve(till):
    till.charge()
    answers = race(till, lambda own, number: own.superbill())
    assert statuses(answers) == [201] * RACERS
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"2026-{n:06d}" for n in range(1, RACERS + 1)]
    assert DocumentCounter.objects.get(series="superbill").last == RACERS


def test_superbills_of_many_clients_and_refusals_among_them_leave_no_gap(till, cast):
    """Every third client has nothing to bill: its refusal must give no number away."""
    clients = []
    for number in range(RACERS):
        somebody = client(cast.north, by=cast.frontdesk, first=f"C{number}")
        if number % 3:
            theirs = till.of(somebody)
            theirs.charge(theirs.session(starts_at=SERVED - number * DAY))
        clients.append(somebody)
    answers = race(till, lambda own, number: own.superbill(client=str(clients[number].pk)))
    assert statuses(answers) == [201] * 8 + [409] * 4
    numbers = sorted(answer.json()["number"] for answer in answers if answer.status_code == 201)
    assert numbers == [f"2026-{n:06d}" for n in range(1, 9)]


def test_one_payment_is_never_spent_twice(till):
    payment = till.pay("100.00")
    charges = [till.charge(amount="30.00") for _ in range(RACERS)]
    url = f"payments/{payment['id']}/allocate/"
    answers = race(
        till,
        lambda own, number: own.desk.post(
            url, {"allocations": [{"charge": charges[number]["id"], "amount": "30.00"}]}
        ),
    )
    assert statuses(answers) == [200] * 3 + [409] * 9
    left = done(till.desk.get(f"payments/{payment['id']}/"), 200)
    assert (left["allocated"], left["unallocated"]) == ("90.00", "10.00")
    assert PaymentAllocation.objects.count() == 3


def test_one_charge_is_never_paid_twice(till):
    charge = till.charge(amount="100.00")
    answers = race(till, lambda own, number: own.try_to_pay("100.00", (charge, "100.00")))
    assert statuses(answers) == [201] + [409] * 11
    now = till.desk.get(f"charges/{charge['id']}/").json()
    assert (now["paid"], now["balance"]) == ("100.00", "0.00")


def test_what_is_taken_off_and_what_is_paid_at_once_never_pass_the_charge(till):
    charge = till.charge(amount="60.00")
    less = {"charge": charge["id"], "amount": "-10.00", "reason": "courtesy"}
    answers = race(
        till,
        lambda own, number: (
            own.desk.post("adjustments/", less) if number % 2 else own.try_to_pay("10.00", (charge, "10.00"))
        ),
    )
    assert statuses(answers) == [201] * 6 + [409] * 6
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"over_adjusted", "over_allocated"}
    now = till.desk.get(f"charges/{charge['id']}/").json()
    assert now["balance"] == "0.00"
    assert float(now["paid"]) - float(now["adjustments"]) == 60


def test_a_person_is_put_on_one_tier_however_many_desks_ask(till):
    tiers = [{"name": "A", "percent": "50"}]
    scale = till.desk.must("sliding-scales/", {"name": "S", "valid_from": "2026-01-01", "tiers": tiers})
    body = {"client": str(till.client.pk), "scale": scale["id"], "tier": "A", "from_date": "2026-01-01"}
    answers = race(
        till, lambda own, number: own.desk.post("fee-agreements/", body | {"basis": "letter seen"})
    )
    assert statuses(answers) == [201] + [409] * 11
    assert till.charge(amount="60.00")["balance"] == "30.00"


def test_the_same_key_sent_twelve_times_acts_once(till):
    charge, once = till.charge(amount="100.00"), "once"
    body = {
        "client": str(till.client.pk),
        "amount": "10.00",
        "method": "cash",
        "received_on": "2026-05-20",
        "allocations": [{"charge": charge["id"], "amount": "10.00"}],
    }
    answers = race(till, lambda own, number: own.desk.post("payments/", body, key=once))
    assert set(statuses(answers)) <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"request_in_progress"}
    assert len({a.json()["id"] for a in answers if a.status_code == 201}) == 1
    assert PaymentAllocation.objects.count() == 1


def test_refunds_reversals_and_allocations_at_once_keep_the_sums(till):
    """Every racer does something else to the same hundred dollars; whatever wins, nothing is over, nothing deadlocks."""
    charge = till.charge(amount="60.00")
    payment = till.pay("100.00", (charge, "60.00"))
    other = till.charge(amount="60.00")
    root = f"payments/{payment['id']}/"
    refund = {"payment": payment["id"], "amount": "35.00", "reason": "early stop"}
    acts: list[Callable[[Desk], Any]] = [
        lambda api: api.post("refunds/", refund),
        lambda api: api.post(
            f"{root}allocate/", {"allocations": [{"charge": other["id"], "amount": "25.00"}]}
        ),
        lambda api: api.post(f"charges/{charge['id']}/reverse/", {"reason": "race"}),
        lambda api: api.post(f"{root}reverse/", {"reason": "race"}),
    ]
    answers = race(till, lambda own, number: acts[number % len(acts)](own.desk))
    assert {a.status_code for a in answers} <= {200, 201, 409}, [a.content for a in answers]
    now = till.desk.get(root).json()
    spent = sum(float(now[name]) for name in ("allocated", "refunded"))
    assert 0 <= spent <= 100
    assert Refund.objects.count() <= 2
    for row in (charge, other):
        told = till.desk.get(f"charges/{row['id']}/").json()
        assert 0 <= float(told["paid"]) <= 60
    assert Superbill.objects.count() == 0


def test_an_hour_is_charged_once_however_many_ask(till):
    body = {"session": str(till.hour.pk), "code": "90837", "units": 1, "amount": "60.00"}
    answers = race(till, lambda own, number: own.desk.post("charges/", body))
    assert statuses(answers) == [201] + [400] * 11
    told = {error["code"] for a in answers if a.status_code == 400 for error in a.json()["errors"]}
    assert told == {"units_above"}
    assert till.desk.get("charges/").json()["count"] == 1


def test_a_charge_is_reversed_once_however_many_ask(till):
    charge = till.charge(amount="60.00")
    till.pay("60.00", (charge, "60.00"))
    url = f"charges/{charge['id']}/reverse/"
    answers = race(till, lambda own, number: own.desk.post(url, {"reason": "race"}))
    assert statuses(answers) == [201] + [409] * 11
    assert till.desk.get(f"charges/{charge['id']}/").json()["balance"] == "0.00"


def test_one_proposal_is_charged_once(till):
    till.desk.must("fees/", {"code": "90837", "amount": "180.00", "valid_from": "2026-01-01"}, status=201)
    url = f"sessions/{till.hour.pk}/proposed-charges/"
    lines = done(till.desk.get(url), 200)["lines"]
    answers = race(till, lambda own, number: own.desk.post(url, {"lines": lines}, key=f"desk {number}"))
    first, *others = statuses(answers)
    assert first == 201
    assert set(others) <= {
        400,
        503,
    }  # on a slow machine somebody waits too long for the others, and asks again
    assert Charge.objects.count() == len(lines) == 1
