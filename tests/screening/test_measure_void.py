"""A measure on the wrong client is taken back: it counts no more, and what it set off is answered all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from screening import selectors
from screening.models import Measure, MeasureVoid, SafetyAlert, Suspension
from tests import cast as people
from tests.cast import MONDAY, Cast

WHY = {"reason": "Filled in by another client"}


def void(cast: Cast, measure: Measure, *, by: str = "np", body: dict[str, Any] | None = None) -> Any:
    return cast.desk(by).post(f"measures/{measure.pk}/void/", WHY if body is None else body)


def test_a_voided_measure_steers_no_gate_and_shows_who_took_it_back(cast: Cast) -> None:
    session = people.ready_dose(cast)
    program = session.program
    measure = people.cssrs(cast, program)
    assert selectors.latest_measure(program_id=program.pk, instrument="cssrs", at=clock.now()) == measure
    answer = void(cast, measure)
    assert answer.status_code == 200, answer.content
    told = {"at": MONDAY.isoformat().replace("+00:00", "Z"), "by": str(cast.np.pk), **WHY}
    assert answer.json()["voided"] == told
    assert answer.json()["answers"] == measure.answers  # the row itself stays
    listed = cast.desk("therapist").get("measures/", program=str(program.pk)).json()["results"]
    assert [row["voided"] for row in listed if row["id"] == str(measure.pk)] == [told]
    assert selectors.latest_measure(program_id=program.pk, instrument="cssrs", at=clock.now()) is None
    assert "cssrs" not in selectors.recent_measures(program=program, at=clock.now())
    asked = selectors.latest_measures(client_id=program.client_id, instruments=["cssrs"], at=clock.now())
    assert "cssrs" not in asked


def test_the_one_before_it_counts_again(cast: Cast) -> None:
    program = people.cleared_program(cast)
    first = people.cssrs(cast, program)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        second = people.cssrs(cast, program, 1, 2)
        latest = {"program_id": program.pk, "instrument": "cssrs", "at": clock.now()}
        assert selectors.latest_measure(**latest) == second
        assert void(cast, second).status_code == 200
        assert selectors.latest_measure(**latest) == first


def test_its_alerts_and_what_it_suspended_stay(cast: Cast) -> None:
    program = people.cleared_program(cast)
    measure = people.cssrs(cast, program, 1, 2, 4, 5)
    alerts = list(SafetyAlert.objects.values())
    suspended = list(Suspension.objects.values())
    assert alerts
    assert suspended
    assert void(cast, measure).status_code == 200
    assert list(SafetyAlert.objects.values()) == alerts
    assert list(Suspension.objects.values()) == suspended


def test_the_one_after_it_is_compared_with_the_one_before_it(cast: Cast) -> None:
    program = people.cleared_program(cast)
    taken = []
    for hours, answers in enumerate(([1] * 5 + [0] * 4, [3] * 4 + [0] * 5, [3] * 4 + [1] + [0] * 4)):
        with clock.fixed(MONDAY + timedelta(hours=hours)):
            body = {"program": str(program.pk), "instrument": "phq9", "answers": answers}
            body |= {"taken_at": clock.now().isoformat(), "administered_by": "self"}
            taken.append(Measure.objects.get(pk=cast.desk("np").must("measures/", body)["id"]))
    alerts = SafetyAlert.objects.filter(cause="phq9_worsening")
    assert [row.measure_id for row in alerts] == [taken[1].pk]
    with clock.fixed(MONDAY + timedelta(hours=3)):
        assert void(cast, taken[1]).status_code == 200
    assert {row.measure_id for row in alerts.all()} == {taken[1].pk, taken[2].pk}


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("np", 200),
        ("prescriber", 200),
        ("therapist", 403),
        ("director", 403),
        ("frontdesk", 403),
        ("billing", 403),
        ("admin", 403),
        ("south_np", 404),
    ],
)
def test_who_recorded_it_or_a_prescriber_voids_it(cast: Cast, by: str, status: int) -> None:
    measure = people.cssrs(cast, people.cleared_program(cast))
    assert void(cast, measure, by=by).status_code == status
    assert MeasureVoid.objects.exists() is (status == 200)


def test_a_void_comes_once_and_says_why(cast: Cast) -> None:
    measure = people.cssrs(cast, people.cleared_program(cast))
    for body in ({}, {"reason": ""}, {"reason": "x"}, WHY | {"colour": "blue"}):
        assert void(cast, measure, body=body).status_code == 400
    assert not MeasureVoid.objects.exists()
    assert void(cast, measure).status_code == 200
    again = void(cast, measure, by="prescriber")
    assert (again.status_code, again.json()["code"]) == (409, "already_void")
    assert MeasureVoid.objects.count() == 1
