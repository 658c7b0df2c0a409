"""What a dose can't be: another time, another way, or the same dose once more."""

from __future__ import annotations

from datetime import timedelta

from kapclinic.core import clock
from sessions.dosing.models import Administration
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt


def told(answer: object) -> tuple[int, str, str]:
    """Status, pointer and code of a refusal that names one field."""
    [row] = answer.json()["errors"]  # type: ignore[attr-defined]
    return answer.status_code, row["pointer"], row["code"]  # type: ignore[attr-defined]


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
