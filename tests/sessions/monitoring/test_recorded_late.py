"""What is entered once the client has gone rings no more: it is one row to look through. All else rings as ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Check
from tests import cast as people
from tests.asking import refused
from tests.cast import MONDAY, Cast
from tests.sessions.monitoring.watching import rechecks, rung, take

RED: dict[str, Any] = {"systolic": 215, "diastolic": 125}
AMBER: dict[str, Any] = {"systolic": 165}
WORSE: tuple[dict[str, Any], ...] = ({"systolic": 185, "diastolic": 112}, {"systolic": 186, "diastolic": 113})
CLOSES = 15 * 60  # minutes: the session ends after three hours, and its day twelve hours later


def to_look_through(cast: Cast, who: str = "np") -> list[str]:
    rows = cast.desk(who).get("tasks/", kind="recorded_late", state="open").json()["results"]
    return [row["subject_id"] for row in rows]


def give_at(cast: Cast, session: Session, minute: float) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        people.give(cast, session, administered_at=MONDAY)


def swept(minute: float) -> None:
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=minute))


def states(session: Session) -> set[str]:
    rows = Check.objects.filter(session=session, ended_at__isnull=True).exclude(minute=0)
    return set(rows.values_list("state", flat=True))


@pytest.mark.parametrize("signs", [RED, AMBER])
def test_an_old_reading_after_the_discharge_is_one_row_and_no_alarm(
    cast: Cast, signs: dict[str, Any]
) -> None:
    session = people.discharged_session(cast)
    take(cast, session, 140, measured=100, **signs)
    take(cast, session, 141, measured=110, **signs)
    assert rung(session) == []
    assert rechecks(session) == []
    with clock.fixed(MONDAY + timedelta(minutes=142)):
        for who in ("np", "prescriber", "director"):
            assert to_look_through(cast, who) == [str(session.pk)]
        assert to_look_through(cast, "frontdesk") == to_look_through(cast, "south_np") == []
        (row,) = Task.objects.filter(kind="recorded_late")
        assert cast.desk("frontdesk").post(f"tasks/{row.pk}/done/", {}).status_code in {403, 404}
        cast.desk("np").must(f"tasks/{row.pk}/done/", {"outcome": "Looked through"})
        assert to_look_through(cast) == []
    monitoring.carry_up_alarms(at=MONDAY + timedelta(minutes=200))
    assert rung(session) == []
    take(cast, session, 210, measured=115, **signs)  # something new to look through
    with clock.fixed(MONDAY + timedelta(minutes=211)):
        assert to_look_through(cast) == [str(session.pk)]


def test_a_calm_reading_that_is_entered_late_is_nothing_to_look_through(cast: Cast) -> None:
    session = people.discharged_session(cast)
    take(cast, session, 140, measured=100)
    assert (rung(session), to_look_through(cast)) == ([], [])


def test_a_refused_reading_leaves_no_row(cast: Cast) -> None:
    session = people.discharged_session(cast)
    with clock.fixed(MONDAY + timedelta(minutes=140)):
        gone = people.calm() | RED | {"measured_at": (MONDAY + timedelta(minutes=130)).isoformat()}
        answer = cast.desk("np").post(f"sessions/{session.pk}/readings/", gone)
        assert answer.status_code == 400
        refused(cast.desk("therapist").post(f"sessions/{session.pk}/readings/", gone), 403, "not_permitted")
    assert (rung(session), to_look_through(cast)) == ([], [])


@pytest.mark.parametrize(("minute", "live"), [(CLOSES, True), (CLOSES + 1, False)])
def test_an_old_reading_rings_until_twelve_hours_after_the_end(cast: Cast, minute: float, live: bool) -> None:
    session = people.ready_dose(cast)
    give_at(cast, session, 1)
    take(cast, session, minute, measured=15, **RED)
    assert ("red_reading" in rung(session)) is live
    assert bool(to_look_through(cast)) is not live
    assert bool(rechecks(session)) is live  # nobody measures again who has gone


def test_a_dose_that_is_entered_the_next_day_rings_for_none_of_its_checks(cast: Cast) -> None:
    session = people.ready_dose(cast)
    for minute, signs in zip((10, 16), WORSE, strict=True):  # before the dose, by what was known then
        take(cast, session, minute, **signs)
    give_at(cast, session, CLOSES + 60)
    assert rung(session) == []
    swept(CLOSES + 61)
    assert states(session) == {"done", "missed"}
    assert (rung(session), rechecks(session)) == ([], [])
    assert to_look_through(cast) == [str(session.pk)]


def test_a_dose_that_is_entered_on_its_day_rings_for_its_checks_as_ever(cast: Cast) -> None:
    session = people.ready_dose(cast)
    give_at(cast, session, 240)
    swept(241)
    assert set(rung(session)) == {"check_missed"}
    assert to_look_through(cast) == []


def test_a_check_that_was_missed_while_nothing_swept_rings_however_late(cast: Cast) -> None:
    """The dose was written down at once: only the clock's work is late, and an alarm is never lost (R14)."""
    session = people.dosed_session(cast)
    swept(CLOSES + 120)
    assert set(rung(session)) == {"check_missed"}
    assert to_look_through(cast) == []
