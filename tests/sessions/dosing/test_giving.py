"""What one dose may be: the order it is given on, how much went in, and when it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdministrationFinish
from sessions.dosing.selectors.leaving import computed_checklist
from sessions.monitoring import selectors as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import IV, MONDAY, Cast, lot_of, weighed
from tests.sessions.giving import attempt, stock


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
    with at(61):  # entered late: before, no order counts that is newer than the dose
        answer = attempt(cast, session, order=str(wrong.pk), administered_at=MONDAY.isoformat())
        assert answer.json()["errors"][0]["code"] == "superseded"
        answer = attempt(cast, session, order=str(right.pk), administered_at=MONDAY.isoformat())
        assert answer.status_code == 201, answer.content


def test_a_dose_written_up_late_keeps_the_gap_to_the_one_after_it(cast: Cast) -> None:
    first = people.ready_dose(cast)
    with at(50 * 60):
        row = people.owed(cast, first.program)
        visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    with at(51 * 60):
        late = attempt(cast, first, administered_at=MONDAY.isoformat())
        assert (late.status_code, late.json()["code"]) == (409, "minimum_gap")
    assert Administration.objects.count() == 1


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


# --- when it ended -----------------------------------------------------------------------------------------------------


def infused(cast: Cast, *, minutes: float = 0, **more: Any) -> Any:
    """An infusion of 40 mg from nine o'clock on, recorded so many minutes later."""
    session = weighed(cast, IV, kg="80", dose_mg="40", most="80")
    more.setdefault("administered_at", MONDAY.isoformat())
    settled = {"dose_mg": "40", "given_mg": "40", "wasted_mg": "0"}
    lot = lot_of(cast)
    with at(minutes):
        return attempt(cast, session, **stock(lot, **settled) | more)


def stays_until(dose: dict[str, Any]) -> float:
    """Minutes after the start when the minimum stay is over."""
    session = Session.objects.select_related("program__protocol", "location").get(pk=dose["session"])
    for minutes in range(0, 200, 10):
        left = MONDAY + timedelta(minutes=minutes)
        judged, _ = computed_checklist(session=session, discharged_at=left, escort_present=True, escort=None)
        if judged["minimum_stay"]:
            return minutes
    raise AssertionError


def after_end(dose: dict[str, Any]) -> list[int | None]:
    asked = monitoring.asked_checks(session_id=UUID(dose["session"]))
    return [check.minute for check in asked if check.planned_at > MONDAY]


def test_an_infusion_settled_at_once_lasts_as_long_as_infusions_do(cast: Cast) -> None:
    dose = infused(cast).json()
    assert stays_until(dose) == 100  # 40 minutes, and the stay of an hour from its end
    assert after_end(dose) == [10, 20, 30, 40, 55, 70, 85, 100]


def test_an_infusion_settled_at_once_may_say_when_it_ended(cast: Cast) -> None:
    answer = infused(cast, minutes=20, ended_at=(MONDAY + timedelta(minutes=20)).isoformat())
    dose = answer.json()
    assert (answer.status_code, dose.get("ended_at")) == (201, "2026-05-04T15:20:00Z"), answer.content
    assert (dose["given_mg"], dose["wasted_mg"]) == ("40.000", "0.000")
    assert stays_until(dose) == 80
    assert after_end(dose) == [10, 20, 35, 50, 65, 80]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ended_at": (MONDAY + timedelta(minutes=2)).isoformat()}, "in_the_future"),
        ({"ended_at": (MONDAY - timedelta(minutes=1)).isoformat()}, "too_early"),
        ({"ended_at": MONDAY.isoformat(), "given_mg": None, "wasted_mg": None}, "not_settled"),
    ],
)
def test_an_end_that_can_not_be_is_refused(cast: Cast, change: dict[str, Any], code: str) -> None:
    answer = infused(cast, **change)
    assert answer.status_code == 400
    assert [(row["pointer"], row["code"]) for row in answer.json()["errors"]] == [("/ended_at", code)]
    assert not Administration.objects.exists()
