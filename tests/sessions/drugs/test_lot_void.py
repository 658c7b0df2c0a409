"""A lot that was entered in error leaves the books, while nothing was taken from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from kapclinic.core.errors import Invalid
from sessions.drugs.models import DrugEntry, DrugLot, DrugLotVoid
from sessions.drugs.selectors import ledger_problem, to_count
from sessions.drugs.services.ledger import append_entry
from tests import cast as people
from tests.cast import MONDAY, PASSWORD, Cast
from tests.sessions.drugs.stock import D, dose, lines, lot_with

WHY = "Received at 500 mg/mL instead of 50"


def void(cast: Cast, lot: DrugLot, *, by: str = "np", witness: str | None = "prescriber", **more: Any) -> Any:
    body: dict[str, Any] = {"reason": WHY}
    if witness is not None:
        body["witness"] = {"user": str(cast.people[witness].pk), "password": PASSWORD}
    return cast.desk(by).post(f"drug-lots/{lot.pk}/void/", body | more)


def books() -> tuple[Any, ...]:
    return tuple(list(model.objects.order_by("pk").values()) for model in (DrugLot, DrugEntry, DrugLotVoid))


def delivered_again(cast: Cast, **more: Any) -> Any:
    body = {
        "location": str(cast.north.pk),
        "drug": "Ketamine",
        "form": "vial",
        "concentration_mg_per_ml": "50",
        "lot_number": "a-1",
        "expires_on": "2027-06-30",
        "quantity_mg": "500",
        "supplier": "Supply Co",
        "invoice": "INV-7",
    }
    return cast.desk("np").post("drug-lots/", body | more)


def test_a_lot_of_the_wrong_strength_is_voided_and_received_again(cast: Cast) -> None:
    lot = lot_with(cast, "500", concentration_mg_per_ml=D(500))
    assert delivered_again(cast).status_code == 400
    answer = void(cast, lot)
    assert answer.status_code == 200, answer.content
    told = {"at": MONDAY.isoformat().replace("+00:00", "Z"), "by": str(cast.np.pk), "reason": WHY}
    assert (answer.json()["voided"], answer.json()["balance_mg"]) == (told, "0.000")
    assert lines(lot) == [("receive", D(500), D(500), D(500)), ("void", D(500), D(-500), D(0))]
    last = lot.entries.get(kind="void")
    assert (last.witness, last.witness_verified_at, last.reason) == (cast.prescriber, MONDAY, WHY)
    again = delivered_again(cast)
    assert again.status_code == 201, again.content
    assert again.json()["voided"] is None
    listed = cast.desk("director").get("drug-lots/").json()["results"]
    assert {row["id"]: row["voided"] for row in listed} == {str(lot.pk): told, again.json()["id"]: None}
    assert [one.pk for one in to_count(user=cast.np)] == [DrugLot.objects.get(voided_at=None).pk]
    assert ledger_problem() is None


def test_a_lot_that_was_drawn_from_is_in_use_and_is_corrected_before_a_witness(cast: Cast) -> None:
    lot = lot_with(cast, "500")
    dose(cast, people.dosed_session(cast), lot, "50", "50", "0")
    before = books()
    answer = void(cast, lot)
    assert (answer.status_code, answer.json()["code"]) == (409, "lot_in_use")
    assert books() == before
    body = {"lot": str(lot.pk), "kind": "correct", "amount_mg": "-400", "reason": "It came as 100 mg"}
    body["witness"] = {"user": str(cast.prescriber.pk), "password": PASSWORD}  # type: ignore[assignment]
    entry = cast.desk("np").must("drug-entries/", body)
    assert (entry["balance_mg"], entry["witness"]) == ("50.000", str(cast.prescriber.pk))


@pytest.mark.parametrize("kind", ["waste", "transfer", "return", "loss"])
def test_a_lot_that_lost_anything_is_in_use(cast: Cast, kind: str) -> None:
    lot = lot_with(cast, "500")
    body: dict[str, Any] = {"lot": str(lot.pk), "kind": kind, "amount_mg": "10", "reason": "Fell down"}
    body["witness"] = {"user": str(cast.prescriber.pk), "password": PASSWORD}
    cast.desk("np").must("drug-entries/", body)
    before = books()
    assert void(cast, lot).json()["code"] == "lot_in_use"
    assert books() == before


def test_a_count_that_agrees_is_no_use_of_it(cast: Cast) -> None:
    lot = lot_with(cast, "500")
    body = {"lot": str(lot.pk), "kind": "count", "amount_mg": "500", "reason": "Counted"}
    cast.desk("np").must("drug-entries/", body)
    assert void(cast, lot).status_code == 200


def test_nothing_more_is_entered_on_it_and_no_dose_comes_from_it(cast: Cast) -> None:
    lot = lot_with(cast, "500")
    assert void(cast, lot).status_code == 200
    before = books()
    again = void(cast, lot, witness="therapist")
    assert (again.status_code, again.json()["code"]) == (409, "already_void")
    body = {"lot": str(lot.pk), "kind": "correct", "amount_mg": "5", "reason": "Found"}
    entry = cast.desk("np").post("drug-entries/", body)
    assert (entry.status_code, entry.json()["code"]) == (409, "already_void")
    with pytest.raises(Invalid) as refused:
        dose(cast, people.dosed_session(cast), lot, "50", "50", "0")
    assert [error.code for error in refused.value.errors] == ["voided"]
    assert books() == before


@pytest.mark.parametrize(
    ("witness", "more", "status", "code"),
    [
        (None, {}, 400, "invalid"),
        ("np", {}, 400, "witness_invalid"),
        ("frontdesk", {}, 400, "witness_invalid"),
        ("south_np", {}, 400, "witness_invalid"),
        ("prescriber", {"reason": "x"}, 400, "invalid"),
        ("prescriber", {"colour": "blue"}, 400, "invalid"),
    ],
)
def test_a_second_person_signs_for_it(
    cast: Cast, witness: str | None, more: dict[str, Any], status: int, code: str
) -> None:
    lot = lot_with(cast, "500")
    before = books()
    answer = void(cast, lot, witness=witness, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    wrong = {"user": str(cast.prescriber.pk), "password": "not it"}
    assert void(cast, lot, witness=None).status_code == 400
    refused = cast.desk("np").post(f"drug-lots/{lot.pk}/void/", {"reason": WHY, "witness": wrong})
    assert refused.json()["code"] == "witness_invalid"
    assert books() == before


@pytest.mark.parametrize(
    ("by", "status"),
    [("np", 200), ("prescriber", 200), ("director", 403), ("therapist", 403), ("south_np", 404)],
)
def test_who_receives_drug_voids_a_lot(cast: Cast, by: str, status: int) -> None:
    lot = lot_with(cast, "500")
    answer = void(cast, lot, by=by, witness="therapist")
    assert answer.status_code == status, answer.content
    assert DrugLotVoid.objects.exists() is (status == 200)


def test_the_database_lets_a_void_be_the_last_line_of_an_untouched_lot(cast: Cast) -> None:
    used, voided = lot_with(cast, "500"), lot_with(cast, "500", lot_number="B-2")
    dose(cast, people.dosed_session(cast), used, "50", "50", "0")
    assert void(cast, voided).status_code == 200
    later = clock.now() + timedelta(hours=1)
    whose: dict[str, Any] = {"by": cast.np, "at": later, "witness": cast.prescriber, "reason": WHY}
    with pytest.raises(DatabaseError), transaction.atomic():
        append_entry(lot=used, kind="void", amount_mg=D(450), **whose)
    with pytest.raises(DatabaseError), transaction.atomic():
        append_entry(lot=voided, kind="correct", amount_mg=D(5), **whose)
