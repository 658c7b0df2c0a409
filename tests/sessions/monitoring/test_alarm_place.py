"""An alarm is at the place of its session, whoever rings it, so that those who are there see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from kapclinic.practice.models import SYSTEM
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.monitoring.watching import take


@pytest.fixture
def rung(cast: Cast) -> Session:
    """A dose with an alarm of each kind: of a reading, of a check nobody read, of one read too late, and by hand."""
    dosed = people.dosed_session(cast)
    take(cast, dosed, 10, systolic=205)
    cast.desk("therapist").must(
        f"sessions/{dosed.pk}/alarms/", {"trigger": "chest_pain", "note": "Says it hurts"}
    )
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=50))
    return dosed


def test_every_alarm_is_where_its_session_is(cast: Cast, rung: Session) -> None:
    causes = set(Alarm.objects.values_list("cause", flat=True))
    assert causes >= {Alarm.Cause.RED, Alarm.Cause.TRIGGER, Alarm.Cause.MISSED}
    assert set(Alarm.objects.values_list("location", flat=True)) == {rung.location_id}
    assert set(Alarm.history.values_list("location", flat=True)) == {rung.location_id}
    listed = cast.desk("np").get("alarms/").json()["results"]
    assert {row["id"] for row in listed} == {str(pk) for pk in Alarm.objects.values_list("pk", flat=True)}
    assert cast.desk("south_np").get("alarms/").json()["results"] == []


def test_an_alarm_at_another_place_is_refused(cast: Cast, rung: Session) -> None:
    alarm = Alarm.objects.latest("pk")
    elsewhere = Alarm(
        session=rung, location=cast.south, cause=Alarm.Cause.TRIGGER, trigger=Alarm.Trigger.PSYCHOSIS
    )
    with pytest.raises(DatabaseError, match="location of its session"), transaction.atomic():
        elsewhere.save_by(SYSTEM, at=MONDAY)
    alarm.location = cast.south
    with pytest.raises(DatabaseError, match="location of its session"), transaction.atomic():
        alarm.save_by(SYSTEM, at=MONDAY)


def test_a_session_that_rang_stays_where_it_is(cast: Cast, rung: Session) -> None:
    rung.location = cast.south
    with pytest.raises(DatabaseError, match="stays at its location"), transaction.atomic():
        rung.save_by(SYSTEM, at=MONDAY)
    quiet = Session.objects.filter(alarms=None).earliest("pk")
    quiet.location = cast.south
    quiet.save_by(SYSTEM, at=MONDAY)
    assert Session.objects.get(pk=quiet.pk).location_id == cast.south.pk
