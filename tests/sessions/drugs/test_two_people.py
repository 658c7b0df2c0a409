"""One person alone neither sends drug away unseen nor answers for what they lost themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.drugs.models import DrugDiscrepancy, DrugLot
from tests.cast import MONDAY, Cast, lot_of
from tests.sessions.giving import witness


@pytest.fixture
def vial(cast: Cast) -> DrugLot:
    with clock.fixed(MONDAY - timedelta(hours=1)):
        return lot_of(cast)


def entered(cast: Cast, vial: DrugLot, kind: str, mg: str = "100", **more: Any) -> dict[str, Any]:
    body = {"lot": str(vial.pk), "kind": kind, "amount_mg": mg, "reason": "As the paper says"} | more
    found: dict[str, Any] = cast.desk("np").must("drug-entries/", body)
    return found


def to_review() -> list[Task]:
    return list(Task.objects.open().filter(kind="drug_entry_review"))


@pytest.mark.parametrize("kind", ["return", "transfer", "correct"])
def test_what_one_person_enters_alone_comes_before_the_director(cast: Cast, vial: DrugLot, kind: str) -> None:
    entry = entered(cast, vial, kind)
    (task,) = to_review()
    assert (task.roles, task.location, str(task.subject_id)) == (
        ["medical_director"],
        cast.north.pk,
        entry["id"],
    )
    cast.desk("director").must(f"tasks/{task.pk}/done/", {"outcome": "The receipt is filed"})
    assert to_review() == []


@pytest.mark.parametrize("kind", ["return", "transfer", "correct"])
def test_a_second_person_who_signs_is_checked_and_kept_and_spares_the_director(
    cast: Cast, vial: DrugLot, kind: str
) -> None:
    wrong = witness(cast) | {"password": "a guess of somebody"}
    body = {"lot": str(vial.pk), "kind": kind, "amount_mg": "100", "reason": "As the paper says"}
    assert cast.desk("np").post("drug-entries/", body | {"witness": wrong}).status_code == 400
    assert entered(cast, vial, kind, witness=witness(cast))["witness"] == str(cast.prescriber.pk)
    assert to_review() == []


def test_what_somebody_answers_for_already_is_not_asked_twice(cast: Cast, vial: DrugLot) -> None:
    entered(cast, vial, "transfer", to_location=str(cast.south.pk))
    entered(cast, vial, "correct", "-100")
    entered(cast, vial, "loss")
    entered(cast, vial, "count", "200")
    assert to_review() == []


def test_who_entered_or_witnessed_a_loss_neither_explains_nor_closes_it(cast: Cast, vial: DrugLot) -> None:
    cast.np.roles = [*cast.np.roles, "medical_director"]
    cast.np.save_by(cast.admin, at=MONDAY)
    cast.prescriber.roles = [*cast.prescriber.roles, "medical_director"]
    cast.prescriber.save_by(cast.admin, at=MONDAY)
    entered(cast, vial, "loss", witness=witness(cast))
    row = DrugDiscrepancy.objects.get()
    path = f"drug-discrepancies/{row.pk}/"
    for who in ("np", "prescriber"):
        answer = cast.desk(who).post(f"{path}explain/", {"reason": "It will turn up"})
        assert (answer.status_code, answer.json()["code"]) == (409, "own_entry")
        assert cast.desk(who).get(path).json()["allowed_moves"] == ["notify", "file"]
    row.refresh_from_db()
    assert (row.state, row.version) == ("open", 1)

    told = {"reference": "Letter to Denver, 2026-17", "notified_at": MONDAY.isoformat()}
    cast.desk("np").must(f"{path}notify/", told)
    answer = cast.desk("np").post(f"{path}close/", {"reason": "Enough of it"})
    assert (answer.status_code, answer.json()["code"]) == (409, "own_entry")
    assert cast.desk("director").get(path).json()["allowed_moves"] == ["notify", "file", "close"]
    assert cast.desk("director").must(f"{path}close/", {"reason": "Found"})["state"] == "closed"
