"""What a proposed line will oblige the client to pay is what the charge then obliges them to."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from billing.capture.rules.terms import Obliged, Terms, obliged
from billing.models import Charge
from billing.packages.rules import Lot
from kapclinic.core.ids import uuid7
from tests.asking import done
from tests.billing.shop import offer, try_to_buy
from tests.billing.test_capture import post, proposed
from tests.billing.test_scales import scale, try_to_agree
from tests.billing.till import Till

FIGURES = ("amount", "expected_adjustment", "package_pays", "client_pays")


@pytest.fixture
def priced(till: Till) -> Till:
    for code in ("90837", "90834", "90832"):
        fee = {"code": code, "amount": "180.01", "valid_from": "2026-01-01"}
        till.desk.must("fees/", fee, status=201)
    return till


def figures(told: dict[str, Any]) -> tuple[str, ...]:
    (line,) = told["lines"]
    return tuple(line[name] for name in FIGURES)


def charged(till: Till, told: dict[str, Any]) -> dict[str, Any]:
    """The same lines are taken as they were proposed."""
    (line,) = told["lines"]
    (charge,) = done(post(till, till.hour, told["lines"]), 201)["charges"]
    assert Decimal(line["client_pays"]) == Decimal(charge["balance"])
    assert Decimal(line["package_pays"]) == Decimal(charge["paid"])
    row: dict[str, Any] = charge
    return row


def test_a_line_says_what_the_fee_agreement_will_take_off(priced: Till) -> None:
    told = proposed(priced, priced.hour)
    assert figures(told) == ("180.01", "0.00", "0.00", "180.01")
    done(try_to_agree(priced, done(scale(priced), 201)), 201)  # 60 %
    told = proposed(priced, priced.hour)
    assert figures(told) == ("180.01", "-72.00", "0.00", "108.01")
    assert charged(priced, told)["amount"] == "180.01"


def test_a_line_says_what_a_package_will_pay_of_it(priced: Till) -> None:
    done(try_to_agree(priced, done(scale(priced), 201)), 201)
    code = proposed(priced, priced.hour)["lines"][0]["code"]
    items = [{"code": code, "quantity": 1, "unit_amount": "150.00"}]
    done(try_to_buy(priced, offer(priced, items=items, price="150.00"), priced.pay("150.00")), 201)
    told = proposed(priced, priced.hour)
    assert figures(told) == ("180.01", "-30.01", "150.00", "0.00")
    assert charged(priced, told)["amount"] == "150.00"
    assert Charge.objects.count() == 1


def test_an_agreement_of_another_day_takes_nothing_off(priced: Till) -> None:
    done(
        try_to_agree(priced, done(scale(priced), 201), from_date="2026-05-19"), 201
    )  # the hour was on the 18th
    assert figures(proposed(priced, priced.hour)) == ("180.01", "0.00", "0.00", "180.01")


def test_an_agreement_holds_for_the_units_that_a_package_lacks() -> None:
    line: Any = SimpleNamespace(code=SimpleNamespace(code="HOUSE-CALL"), units=3, amount=Decimal("300.03"))
    lots = {"HOUSE-CALL": [Lot(uuid7(), 0, 1, Decimal("80.00"))]}
    found = obliged([line], Terms(Decimal(50), lots))
    assert found == [Obliged(Decimal("-120.02"), Decimal("80.00"), Decimal("100.01"))]
    assert obliged([line], Terms(None, lots))[0].pays == Decimal("200.02")
