"""A booster looks at what happened since the first dose."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.monitoring.models import Alarm
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt


def at(minutes: float) -> Any:
    return clock.fixed(MONDAY + timedelta(minutes=minutes))


def begun(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    people.give(cast, session, dose_mg=Decimal(50))
    return session


def read(cast: Cast, session: Session, minutes: float, **signs: int) -> None:
    with at(minutes):
        body = people.calm() | {"measured_at": clock.now().isoformat()} | signs
        cast.desk("np").must(f"sessions/{session.pk}/readings/", body)


def boost(cast: Cast, session: Session, minutes: float, *, given: float | None = None) -> list[str]:
    """The gates that are open for a booster at that minute; none when it was recorded."""
    with at(minutes):
        moment = MONDAY + timedelta(minutes=minutes if given is None else given)
        answer = attempt(cast, session, dose_mg="50", administered_at=moment.isoformat())
    if answer.status_code == 201:
        return []
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert Administration.objects.count() == 1
    return [gate["code"] for gate in answer.json()["gates"]]


def acknowledge(cast: Cast) -> None:
    for alarm in Alarm.objects.filter(state="open"):
        cast.desk("np").must(f"alarms/{alarm.pk}/acknowledge/", {"action": "Oxygen given."})


def test_no_booster_after_a_serious_event_of_this_session(cast: Cast) -> None:
    session = begun(cast)
    event = {
        "term": "respiratory depression",
        "grade": 4,
        "serious": True,
        "seriousness": ["hospitalization"],
        "onset_at": (MONDAY + timedelta(minutes=9)).isoformat(),
        "causality": "probable",
        "action": "stopped",
        "outcome": "ongoing",
    }
    with at(10):
        cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", event)
    assert boost(cast, session, 12) == ["clearance", "adverse_event_review"]
    assert boost(cast, session, 13, given=8) == []  # written up late: it was given before the event


def test_no_booster_while_a_red_alarm_is_open_or_the_last_reading_is_red(cast: Cast) -> None:
    session = begun(cast)
    read(cast, session, 11, systolic=210, diastolic=125, spo2=85)
    assert boost(cast, session, 12) == ["red_alarm"]
    with at(12):
        acknowledge(cast)
    assert boost(cast, session, 13) == ["red_alarm"]
    read(cast, session, 16)
    assert boost(cast, session, 17) == []


def test_no_booster_while_somebody_has_rung_by_hand(cast: Cast) -> None:
    session = begun(cast)
    with at(10):
        cast.desk("therapist").must(f"sessions/{session.pk}/alarms/", {"trigger": "chest_pain", "note": "x"})
    assert boost(cast, session, 12) == ["red_alarm"]
    with at(12):
        body = {"gate": "red_alarm", "reason": "It will pass"}
        refused = cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_overridable")
        acknowledge(cast)
    assert boost(cast, session, 13) == []


def test_no_first_dose_while_somebody_has_rung_by_hand(cast: Cast) -> None:
    session = people.ready_dose(cast)
    cast.desk("therapist").must(f"sessions/{session.pk}/alarms/", {"trigger": "si_with_intent", "note": "x"})
    with at(2):
        shown = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
        assert [row["code"] for row in shown["gates"] if row["state"] == "open"] == ["red_alarm"]
        answer = attempt(cast, session)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
        assert not Administration.objects.exists()
        assert attempt(cast, session, administered_at=MONDAY.isoformat()).status_code == 409
        acknowledge(cast)
        assert attempt(cast, session).status_code == 201


def test_an_amber_reading_alone_stops_no_booster(cast: Cast) -> None:
    session = begun(cast)
    read(cast, session, 11, systolic=165)
    assert boost(cast, session, 12) == []
