"""What a dose can't be: another time, another way, or the same dose once more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration, Order
from sessions.dosing.rules import amounts
from tests import cast as people
from tests.cast import IM, IV, MONDAY, Cast, lot_of, weighed
from tests.sessions.giving import attempt


def told(answer: Any) -> tuple[int, str, str]:
    """Status, pointer and code of a refusal that names one field."""
    assert answer.status_code == 400, answer.content
    [row] = answer.json()["errors"]
    return answer.status_code, row["pointer"], row["code"]


def test_the_same_dose_sent_again_under_another_key_is_no_second_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    assert attempt(cast, session, dose_mg="50", key="one").status_code == 201
    again = attempt(cast, session, dose_mg="50", key="two")
    assert (again.status_code, again.json()["code"]) == (409, "same_dose")
    assert Administration.objects.count() == 1
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        assert attempt(cast, session, dose_mg="50", key="three").status_code == 201


def test_a_voided_dose_may_be_recorded_again_at_its_own_time(cast: Cast) -> None:
    session = people.ready_dose(cast)
    wrong = attempt(cast, session, dose_mg="50").json()["id"]
    cast.desk("prescriber").must(
        f"sessions/{session.pk}/administrations/{wrong}/void/", {"reason": "Wrong amount"}
    )
    assert attempt(cast, session, dose_mg="75").status_code == 201


def test_a_booster_comes_within_the_protocols_minutes_of_the_first_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session, dose_mg=Decimal(50))
    with clock.fixed(MONDAY + timedelta(minutes=181)):
        late = attempt(cast, session, dose_mg="50")
        assert told(late) == (400, "/administered_at", "too_late")
        assert Administration.objects.count() == 1
        in_time = (MONDAY + timedelta(minutes=180)).isoformat()
        assert attempt(cast, session, dose_mg="50", administered_at=in_time).status_code == 201


def test_a_dose_of_the_clients_own_names_no_lot_of_the_safe(cast: Cast) -> None:
    session, lot = people.ready_dose(cast), lot_of(cast)
    answer = attempt(cast, session, drug_lot=str(lot.pk))
    assert told(answer) == (400, "/drug_lot", "not_clinic_stock")
    assert not Administration.objects.exists()


@pytest.mark.parametrize("protocol", [IM, IV])
def test_nobody_injects_or_infuses_themselves(cast: Cast, protocol: dict[str, Any]) -> None:
    session = weighed(cast, protocol)
    answer = attempt(cast, session, dose_mg="40", given_by="self_observed")
    assert told(answer) == (400, "/given_by", "not_self_given")
    assert not Administration.objects.exists()


def test_a_dose_on_an_order_that_waits_is_told_who_is_missing(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    refused = cast.desk("prescriber").post(f"sessions/{session.pk}/orders/", order_of(session))
    assert (refused.status_code, refused.json()["code"]) == (400, "dose_above_cap")
    assert "above_cap_reason" in refused.json()["detail"]
    assert "approve-cap/" in refused.json()["detail"]
    people.written_order(cast, session, dose_mg=Decimal(450), max_total_mg=Decimal(450), above_cap_reason="x")
    waits = attempt(cast, session, dose_mg="450")
    assert (waits.status_code, waits.json()["code"]) == (400, "dose_above_cap")
    assert "second prescriber" in waits.json()["detail"]
    assert not Administration.objects.exists()


def order_of(session: Session) -> dict[str, Any]:
    """An order above the cap of 400 mg, without a word on why."""
    return {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "450",
        "max_total_mg": "450",
        "valid_until": session.ends_at.isoformat(),
    }


@pytest.mark.parametrize(
    ("most", "kg", "codes"),
    [("80", "80", []), ("80.001", "80", ["max_above_cap"]), ("80", None, ["cap_not_checked"])],
)
def test_an_order_warns_of_a_maximum_that_nobody_can_give(
    most: str, kg: str | None, codes: list[str]
) -> None:
    order = Order(dose_mg=Decimal(40), max_total_mg=Decimal(most), weight_kg=kg and Decimal(kg))
    told = amounts.order_warnings({"warn": "0.75", "cap": "1.0", "unit": "mg/kg"}, order)
    assert [row["code"] for row in told] == codes


def test_a_gap_is_told_in_the_clinics_own_time(cast: Cast) -> None:
    program = people.cleared_program(cast)
    people.give(cast, people.ready_dose(cast, program))
    with clock.fixed(MONDAY + timedelta(days=1)):
        session = people.ready_dose(cast, program)
        gates = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["gates"]
    detail = next(gate["detail"] for gate in gates if gate["code"] == "minimum_gap")
    assert "the last one was 2026-05-04 09:00." in detail
