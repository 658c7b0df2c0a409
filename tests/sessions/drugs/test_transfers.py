"""A transfer leaves one location and comes to another, or does neither."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from kapclinic.trail.models import Task
from sessions.drugs import selectors
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.drugs.services import ledger
from tests import cast as people
from tests.cast import MONDAY, Cast, lot_of
from tests.racing import race


def sent(cast: Cast, lot: DrugLot, mg: str = "200", *, who: str = "np", **more: Any) -> Any:
    where = {"to_location": str(cast.south.pk if who == "np" else cast.north.pk)}
    body = {"lot": str(lot.pk), "kind": "transfer", "amount_mg": mg, "reason": "South runs short"}
    return cast.desk(who).post("drug-entries/", body | where | more)


def test_it_is_two_linked_entries_and_makes_the_lot_that_receives_it(cast: Cast) -> None:
    lot = lot_of(cast, ndc="00409-2053-10", container_mg=Decimal(100))
    answer = sent(cast, lot)
    assert answer.status_code == 201, answer.content
    there = DrugLot.objects.get(location=cast.south)
    same = ("drug", "form", "concentration_mg_per_ml", "lot_number", "expires_on", "ndc", "container_mg")
    assert [getattr(there, name) for name in same] == [getattr(lot, name) for name in same]
    assert (there.quantity_mg, there.supplier) == (200, "North Clinic PLLC")
    came = there.entries.get()
    assert (came.kind, came.sequence, came.delta_mg, came.balance_mg) == ("transfer_in", 1, 200, 200)
    assert answer.json()["balance_mg"] == "300.000"
    assert (answer.json()["counterpart"], str(came.counterpart)) == (str(came.pk), answer.json()["id"])
    assert selectors.ledger_problem() is None
    task = Task.objects.get(kind="drug_transfer")
    assert (task.location, task.roles, task.subject_id) == (
        cast.south.pk,
        ["nurse_practitioner", "prescriber"],
        came.pk,
    )
    held = cast.desk("south_np").get(f"drug-lots/{there.pk}/").json()
    assert (held["balance_mg"], held["containers"]) == ("200.000", {"whole": 2, "open_mg": "0.000"})


def test_the_next_one_comes_to_the_lot_that_is_there_and_may_go_back(cast: Cast) -> None:
    lot = lot_of(cast)
    sent(cast, lot, "200")
    sent(cast, lot, "100")
    there = DrugLot.objects.get(location=cast.south)
    assert sent(cast, there, "50", who="south_np").json()["balance_mg"] == "250.000"
    assert [row.balance_mg for row in lot.entries.order_by("sequence")] == [500, 300, 200, 250]
    assert selectors.ledger_problem() is None


def test_a_transfer_to_another_registrant_is_one_entry(cast: Cast) -> None:
    lot = lot_of(cast)
    answer = sent(cast, lot, to_location=None, reason="To Example Hospital, DEA AE1234567")
    assert answer.status_code == 201, answer.content
    assert answer.json()["counterpart"] is None
    assert [row.kind for row in DrugEntry.objects.order_by("sequence")] == ["receive", "transfer"]
    assert selectors.ledger_problem() is None


@pytest.mark.parametrize(
    ("change", "status", "what"),
    [
        ({"amount_mg": "500.001"}, 409, "insufficient_stock"),
        ({"to_location": "01900000-0000-7000-8000-00000000dead"}, 400, "/to_location"),
        ({"to_location": "here"}, 400, "/to_location"),
        ({"kind": "return"}, 400, "/to_location"),
        ({"amount_mg": "0"}, 400, "/amount_mg"),
    ],
)
def test_one_that_can_not_be_leaves_both_locations_as_they_were(
    cast: Cast, change: dict[str, Any], status: int, what: str
) -> None:
    lot = lot_of(cast)
    if change.get("to_location") == "here":
        change = {"to_location": str(cast.north.pk)}
    answer = sent(cast, lot, **change)
    assert answer.status_code == status, answer.content
    assert what == answer.json()["code"] or [e["pointer"] for e in answer.json()["errors"]] == [what]
    assert (DrugLot.objects.count(), DrugEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "other", [{"expires_on": date(2026, 12, 1)}, {"concentration_mg_per_ml": Decimal(100)}]
)
def test_another_strength_or_expiry_under_the_same_number_is_another_lot(
    cast: Cast, other: dict[str, Any]
) -> None:
    lot = lot_of(cast)
    values = {name: getattr(lot, name) for name in ("drug", "form", "lot_number", "supplier", "invoice")}
    values |= {"expires_on": lot.expires_on, "concentration_mg_per_ml": lot.concentration_mg_per_ml}
    values |= {"location_id": cast.south.pk, "quantity_mg": Decimal(5)} | other
    ledger.receive_lot(values=values, by=cast.south_np, at=MONDAY)
    answer = sent(cast, lot)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "other_lot")
    assert DrugEntry.objects.count() == 2


@pytest.mark.parametrize("kind", ["transfer", "transfer_in"])
def test_half_of_one_does_not_commit(cast: Cast, kind: str) -> None:
    lot = lot_of(cast)
    with pytest.raises(DatabaseError, match="half of a transfer"), transaction.atomic():  # noqa: PT012
        ledger.append_entry(
            lot=lot, kind=kind, amount_mg=Decimal(5), counterpart=uuid7(), by=cast.np, at=MONDAY
        )
        connection.check_constraints()
    assert lot.entries.count() == 1


@pytest.mark.django_db(transaction=True)
def test_transfers_to_and_fro_at_once_lose_nothing(now: Any) -> None:
    cast = people.assemble()
    lot = lot_of(cast)
    sent(cast, lot, "250")
    there = DrugLot.objects.get(location=cast.south)
    desks = {who: cast.desk(who) for who in ("np", "south_np")}
    assert len(desks) == 2

    def go(one: DrugLot, who: str) -> None:
        with clock.fixed(MONDAY):
            assert sent(cast, one, "10", who=who).status_code == 201

    work = [lambda: go(lot, "np"), lambda: go(there, "south_np")] * 4
    assert race(*work) == []
    balances = [one.entries.order_by("sequence").last().balance_mg for one in (lot, there)]
    assert balances == [250, 250]
    assert selectors.ledger_problem() is None
