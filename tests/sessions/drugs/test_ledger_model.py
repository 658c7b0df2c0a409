"""The ledger against a model of Decimals: whatever the clinic does, the balance is the sum of what it did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapclinic.core.errors import ClinicError
from sessions.drugs import selectors, services
from tests.sessions.drugs.stock import dose, lot_of
from tests.sessions.rooms import AT, Clinic

MG = st.decimals(min_value="0.001", max_value="300", places=3)
SIGNED = st.decimals(min_value="-300", max_value="300", places=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("dose"), MG, st.integers(0, 100)),
        st.tuples(st.just("infusion"), MG, st.integers(0, 100)),
        st.tuples(st.just("settle"), st.just(Decimal(0)), st.integers(0, 100)),
        st.tuples(st.sampled_from(["waste", "transfer", "return", "loss"]), MG, st.just(0)),
        st.tuples(st.just("count"), MG | st.just(Decimal(0)), st.just(0)),
        st.tuples(st.just("correct"), SIGNED, st.just(0)),
    ),
    max_size=15,
)


class Ledger:
    """What should be there: the balance, the open draws, and how many lines were written."""

    def __init__(self, balance: Decimal) -> None:
        self.balance, self.open, self.lines = balance, {}, 1

    def after(self, kind: str, amount: Decimal) -> Decimal:
        if kind == "count":
            return amount
        return self.balance + (amount if kind == "correct" else -amount)


def split(amount: Decimal, percent: int) -> tuple[Decimal, Decimal]:
    wasted = (amount * percent / 100).quantize(Decimal("0.001"))
    return amount - wasted, wasted


def act(clinic: Clinic, lot: Any, ledger: Ledger, step: tuple[str, Decimal, int]) -> None:
    kind, amount, percent = step
    witness = clinic["np2"]
    if kind == "settle":
        if not ledger.open:
            return
        administration, drawn = ledger.open.popitem()
        given_mg, wasted = split(drawn, percent)
        services.settle_draw(
            administration_id=administration,
            given_mg=given_mg,
            wasted_mg=wasted,
            witness=witness,
            by=clinic["np"],
            at=AT,
        )
        ledger.lines += 2 if wasted else 1
        return
    given_mg, wasted = split(amount, percent) if kind == "dose" else (Decimal(0), Decimal(0))
    possible = ledger.after(kind, amount) >= 0 and (kind != "correct" or amount != 0)
    try:
        with transaction.atomic():
            if kind == "dose":
                dose(clinic, lot, str(amount), str(given_mg), str(wasted), witness=witness)
            elif kind == "infusion":
                entry = dose(clinic, lot, str(amount))
            else:
                services.record_entry(
                    lot_id=lot.pk,
                    kind=kind,
                    amount_mg=amount,
                    reason="why",
                    witness=witness,
                    by=clinic["np"],
                    at=AT,
                )
    except ClinicError:
        assert not possible, step
        return
    assert possible, step
    ledger.balance = ledger.after(kind, amount)
    ledger.lines += 2 if wasted else 1
    if kind == "infusion":
        ledger.open[entry.administration] = amount


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, start=MG)
def test_the_ledger_is_the_sum_of_what_was_done(clinic: Clinic, steps: list[Any], start: Decimal) -> None:
    with transaction.atomic():
        lot = lot_of(clinic, str(start))
        ledger = Ledger(start)
        for step in steps:
            act(clinic, lot, ledger, step)
        rows = list(lot.entries.order_by("sequence"))
        assert rows[-1].balance_mg == ledger.balance
        assert sum(row.delta_mg for row in rows) == ledger.balance
        assert all(row.balance_mg >= 0 for row in rows)
        assert len(rows) == ledger.lines
        still_open = selectors.open_draws(session_id=clinic.sessions["dosing"].pk)
        assert {row.administration for row in still_open} == set(ledger.open)
        assert selectors.ledger_problem() is None
        transaction.set_rollback(True)
