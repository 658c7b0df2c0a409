"""What one dose may be: the order it is given on, how much went in, and when it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdministrationFinish
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import IV, attempt, lot_of, stock, weighed


def at(minutes: float) -> Any:
    return clock.fixed(MONDAY + timedelta(minutes=minutes))


# --- which order -------------------------------------------------------------------------------------------------------


def test_a_dose_written_up_late_is_judged_by_the_order_of_its_time(cast: Cast) -> None:
    session = people.ready_dose(cast)
    old = session.orders.get()
    with at(10):
        people.written_order(
            cast, session, above_cap_reason="x" * 3, max_total_mg=500
        )  # waits for a colleague
    with at(20):
        late = attempt(cast, session, order=str(old.pk), administered_at=MONDAY.isoformat())
        assert late.status_code == 201, late.content
        assert late.json()["order"] == str(old.pk)
        now = attempt(cast, session, order=str(old.pk))
        assert now.json()["errors"][0]["code"] == "superseded"
    assert Administration.objects.count() == 1


def test_an_order_written_after_the_dose_counts_unless_it_was_replaced(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order",))
    with at(10):
        wrong = people.written_order(cast, session)
    with at(11):
        right = people.written_order(cast, session)
    with at(20):
        answer = attempt(cast, session, order=str(wrong.pk), administered_at=MONDAY.isoformat())
        assert answer.json()["errors"][0]["code"] == "superseded"
        answer = attempt(cast, session, order=str(right.pk), administered_at=MONDAY.isoformat())
        assert answer.status_code == 201, answer.content


# --- how much ----------------------------------------------------------------------------------------------------------


def test_no_single_dose_is_above_the_ordered_one(cast: Cast) -> None:
    session = people.ready_dose(cast)  # 100 mg, 200 mg in all
    answer = attempt(cast, session, dose_mg="100.001")
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == ("/dose_mg", "above_order")
    assert not Administration.objects.exists()


def finish(cast: Cast, session: Session, dose: dict[str, Any], given: str, wasted: str = "0") -> Any:
    body = {"ended_at": clock.now().isoformat(), "given_mg": given, "wasted_mg": wasted}
    return cast.desk("np").post(f"sessions/{session.pk}/administrations/{dose['id']}/finish/", body)


@pytest.mark.parametrize(
    ("most", "given", "code"), [("80", "80.001", "dose_above_cap"), ("60", "60.001", "above_order")]
)
def test_an_infusion_ends_with_no_more_than_cap_and_order_allow(
    cast: Cast, most: str, given: str, code: str
) -> None:
    session = weighed(cast, IV, kg="80", dose_mg="40", most=most)
    dose = attempt(cast, session, **stock(lot_of(cast), dose_mg="10", drawn_mg=given)).json()
    with at(40):
        answer = finish(cast, session, dose, given)
        assert answer.status_code == 400, answer.content
        assert [(row["pointer"], row["code"]) for row in answer.json()["errors"]] == [("/given_mg", code)]
    assert not AdministrationFinish.objects.exists()


def test_the_next_dose_counts_what_an_infusion_really_gave(cast: Cast) -> None:
    session, lot = weighed(cast, IV, kg="80", dose_mg="70", most="80"), lot_of(cast)
    dose = attempt(cast, session, **stock(lot, dose_mg="10", drawn_mg="70")).json()
    with at(40):
        assert finish(cast, session, dose, "70").status_code == 200
        settled = {"given_mg": "20", "wasted_mg": "0"}
        assert (
            attempt(cast, session, **stock(lot, dose_mg="20", **settled)).json()["code"] == "dose_above_cap"
        )
    assert Administration.objects.count() == 1
