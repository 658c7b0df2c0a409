"""reports/write-offs/: what the clinic gave up of its charges, as the adjustments say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Adjustment
from kapclinic.core import clock, money
from tests.asking import done, events
from tests.billing.shop import take_back
from tests.billing.test_reports import report, summed
from tests.billing.till import NOW, Till
from tests.cast import PERSON, Cast

MAY = {"billing", "director"}


def adjusted(till: Till, charge: dict[str, Any], amount: str, reason: str) -> dict[str, Any]:
    body = {"charge": charge["id"], "amount": amount, "reason": reason, "note": "after three letters"}
    return till.desk.must("adjustments/", body, status=201)


def test_what_was_given_up_is_what_the_adjustments_say(till: Till) -> None:
    first, second = till.charge(amount="100.00"), till.charge(amount="60.00")
    adjusted(till, first, "-40.00", "write_off")
    adjusted(till, first, "-10.01", "courtesy")  # no write-off
    lost = adjusted(till, second, "-25.50", "bad_debt")
    with clock.fixed(NOW + timedelta(days=1)):
        till.desk.must(f"adjustments/{lost['id']}/reverse/", {"reason": "They paid after all"}, status=201)
        adjusted(till, second, "-9.99", "bad_debt")
        take_back(till, first)  # what was given up of it counts no more
        found = report(till, "write-offs")
    assert found["totals"] == {"write_off": "0.00", "bad_debt": "-9.99", "amount": "-9.99"}
    assert [(group["reason"], group["adjustments"], group["amount"]) for group in found["groups"]] == [
        ("write_off", 2, "0.00"),
        ("bad_debt", 3, "-9.99"),
    ]
    assert found["count"] == len(found["rows"]) == 5
    assert summed(found["rows"], "amount") == Decimal("-9.99")
    books = Adjustment.objects.filter(reason__in=["write_off", "bad_debt"])
    assert money.total(row.amount for row in books) == Decimal("-9.99")
    until = report(till, "write-offs", to_date="2026-05-20")["totals"]
    assert until == {"write_off": "-40.00", "bad_debt": "-25.50", "amount": "-65.50"}
    since = report(till, "write-offs", from_date="2026-05-21")["totals"]
    assert since == {"write_off": "40.00", "bad_debt": "15.51", "amount": "55.51"}
    assert "three letters" not in till.desk.get("reports/write-offs/").content.decode()


def test_ageing_follows_what_was_given_up(till: Till) -> None:
    charge = till.charge(amount="100.00")
    adjusted(till, charge, "-40.00", "write_off")
    assert report(till, "ageing")["totals"]["balance"] == "60.00"


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_billing_and_the_director_read_it(till: Till, cast: Cast, who: str) -> None:
    adjusted(till, till.charge(amount="100.00"), "-40.00", "write_off")
    answer = cast.desk(who).get("reports/write-offs/")
    assert answer.status_code == (200 if who in MAY else 403)
    assert who in MAY or "40.00" not in answer.content.decode()
    if who in MAY:
        assert events("write_offs_report.report")[-1] == (getattr(cast, who).pk, "ok", [till.client.pk])


def test_money_of_another_location_is_in_no_figure(till: Till, cast: Cast) -> None:
    adjusted(till, till.charge(amount="100.00"), "-40.00", "write_off")
    for found in (
        report(till, "write-offs", location=str(cast.south.pk)),
        done(cast.desk("south_billing").get("reports/write-offs/"), 200),
    ):
        assert (found["count"], found["rows"], set(found["totals"].values())) == (0, [], {"0.00"})
