"""Staff write minutes; the server stamps microseconds. The minute of the check-in is not before the check-in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kapclinic.core import clock
from kapclinic.core.errors import FieldError
from kapclinic.core.moments import moment_errors
from sessions.monitoring.models import Reading
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt

STAMP = MONDAY + timedelta(seconds=48, microseconds=541408)


def test_a_day_written_in_whole_minutes_goes_through(cast: Cast) -> None:
    with clock.fixed(STAMP):
        session = people.ready_dose(cast, without=("vitals",), starts_at=MONDAY)
        written = {"measured_at": MONDAY.isoformat()}
        cast.desk("np").must(f"sessions/{session.pk}/readings/", people.calm() | written)
        answer = attempt(cast, session, administered_at=MONDAY.isoformat())
    assert answer.status_code == 201, answer.content
    assert Reading.objects.get().measured_at == MONDAY < session.checked_in_at


def test_an_order_of_today_serves_a_session_that_was_planned_for_later(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + timedelta(days=9))
    cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/", {"move_to_now": True})
    body = {"drug": "ketamine", "route": "sublingual", "dose_mg": "100", "max_total_mg": "200"}
    until = (MONDAY + timedelta(days=1)).isoformat()
    answer = cast.desk("prescriber").post(f"sessions/{session.pk}/orders/", body | {"valid_until": until})
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize(
    ("seconds", "errors"), [(0, []), (-1, ["too_early"]), (48, []), (109, ["in_the_future"])]
)
def test_the_minute_of_a_stamp_is_its_own(seconds: int, errors: list[str]) -> None:
    moment = MONDAY + timedelta(seconds=seconds)
    found: list[FieldError] = moment_errors(moment=moment, at=STAMP, after=STAMP)
    assert [error.code for error in found] == errors
