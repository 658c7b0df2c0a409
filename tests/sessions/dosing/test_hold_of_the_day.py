"""HOLD means not on this day: it is not cured by another session on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kapclinic.core import clock
from sessions.dosing.models import Administration
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt


def board(cast: Cast, tag: str = "") -> Any:
    asked = {"location": str(cast.north.pk)}
    return cast.desk("np").client.get("/api/v1/day-board/", asked, HTTP_IF_NONE_MATCH=tag)


def test_a_hold_is_not_left_behind_in_the_session_that_ended_on_it(cast: Cast) -> None:
    """Sent away in the morning, booked anew for the afternoon: only a prescriber decides; on the next day nobody asks."""
    morning = people.ready_dose(cast, without=("vitals",))
    high = people.calm() | {"systolic": 172, "measured_at": clock.now().isoformat()}
    cast.desk("np").must(f"sessions/{morning.pk}/readings/", high)
    visits.end_undosed(
        session_id=morning.pk, reason="Pressure", moment=clock.now(), by=cast.np, at=clock.now()
    )
    with clock.fixed(MONDAY + timedelta(hours=5)):
        again = people.ready_dose(cast, morning.program)
        answer = attempt(cast, again)
        assert answer.status_code == 409, answer.content
        (gate,) = answer.json()["gates"]
        assert (gate["code"], gate["overridable_by"]) == ("vitals", ["prescriber"])
        assert not Administration.objects.exists()
        ended = clock.now()
        visits.end_undosed(session_id=again.pk, reason="Pressure", moment=ended, by=cast.np, at=ended)
    with clock.fixed(MONDAY + timedelta(days=1)):
        assert attempt(cast, people.ready_dose(cast, morning.program)).status_code == 201


def test_a_hold_that_is_voided_in_the_session_that_is_over_shows_on_the_board_of_the_day(cast: Cast) -> None:
    morning = people.ready_dose(cast, without=("vitals",))
    high = people.calm() | {"systolic": 172, "measured_at": clock.now().isoformat()}
    path = f"sessions/{morning.pk}/readings/"
    wrong = cast.desk("np").must(path, high)
    visits.end_undosed(
        session_id=morning.pk, reason="Pressure", moment=clock.now(), by=cast.np, at=clock.now()
    )
    with clock.fixed(MONDAY + timedelta(hours=5)):
        again = people.ready_dose(cast, morning.program)
        tag = board(cast).headers["ETag"]
        assert board(cast, tag).status_code == 304
        cast.desk("np").must(f"{path}{wrong['id']}/void/", {"reason": "Of the client next door"})
        assert board(cast, tag).status_code == 200
        assert attempt(cast, again).status_code == 201
