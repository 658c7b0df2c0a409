"""A sign that went wrong and was measured no more has not come right; what was so long ago is not so now."""

from __future__ import annotations

from datetime import timedelta

from kapclinic.core import clock
from sessions.dosing.models import Administration, Discharge
from sessions.monitoring.models import Alarm
from tests import cast as people
from tests.asking import done
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_discharge import STATED, STAY, dosed, go, read, unmet
from tests.sessions.giving import attempt


def post(cast: Cast, path: str, minute: float, *, without: str = "", **signs: int) -> None:
    """A reading so many minutes after MONDAY, in which `without` was not taken."""
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        body = people.calm() | signs | {"measured_at": clock.now().isoformat()}
        body.pop(without, None)
        cast.desk("np").must(path, body)


def seen(cast: Cast) -> None:
    """Every alarm is acknowledged."""
    for alarm in Alarm.objects.filter(state=Alarm.State.OPEN):
        cast.desk("np").must(
            f"alarms/{alarm.pk}/acknowledge/", {"action": "Oxygen, looked after"}, status=200
        )


def test_low_oxygen_that_is_measured_no_more_stops_the_dose(cast: Cast) -> None:
    """Before the dose REVIEW is a prescriber's to decide, and HOLD nobody's, until the sign is measured again."""
    session = people.ready_dose(cast, without=("vitals",))
    path = f"sessions/{session.pk}/readings/"
    for minute, spo2 in ((0, 93), (10, 91)):
        post(cast, path, minute, spo2=spo2)
        post(cast, path, minute + 6, without="spo2")
        with clock.fixed(MONDAY + timedelta(minutes=minute + 7)):
            (gate,) = attempt(cast, session).json()["gates"]
        assert gate["code"] == "vitals"
        assert gate["overridable_by"] == (["prescriber"] if spo2 == 93 else [])
        assert "spo2" in gate["detail"]
    assert not Administration.objects.exists()
    post(cast, path, 20)  # measured again; after a HOLD of the day a prescriber decides
    with clock.fixed(MONDAY + timedelta(minutes=21)):
        (gate,) = attempt(cast, session).json()["gates"]
    assert (gate["code"], gate["overridable_by"]) == ("vitals", ["prescriber"])


def test_low_oxygen_that_is_measured_no_more_keeps_the_client(cast: Cast) -> None:
    """No booster and no way home before it was measured again, also when the alarm was seen."""
    session = dosed(cast, read_at=None)
    path = f"sessions/{session.pk}/readings/"
    post(cast, path, 20, spo2=85)
    seen(cast)
    post(cast, path, 26, without="spo2")
    with clock.fixed(MONDAY + timedelta(minutes=27)):
        assert [row["code"] for row in attempt(cast, session, dose_mg="50").json()["gates"]] == ["red_alarm"]
    assert Administration.objects.count() == 1
    post(cast, path, 118, without="spo2")
    assert unmet(go(cast, session)) == ["vitals"]
    post(cast, path, 119)
    assert go(cast, session).status_code == 201


def test_who_was_awake_before_the_drug_came_is_not_awake_now(cast: Cast) -> None:
    """A reading of just after the dose says nothing two hours later; staff say it, and their no stands."""
    session = dosed(cast, read_at=5)
    read(cast, session, 119, sedation=None)
    assert unmet(go(cast, session)) == ["sedation"]
    drowsy = dict.fromkeys(STATED, True) | {"sedation": False}
    assert unmet(go(cast, session, checklist=drowsy)) == ["sedation"]
    read(cast, session, 120)
    assert unmet(go(cast, session, checklist=drowsy, after=timedelta(minutes=121))) == ["sedation"]
    assert go(cast, session, after=timedelta(minutes=121)).status_code == 201


def test_who_was_drowsy_is_measured_again_before_staff_may_say_awake(cast: Cast) -> None:
    session = dosed(cast, read_at=30, sedation=3)
    seen(cast)
    read(cast, session, 119, sedation=None)
    awake = dict.fromkeys([*STATED, "sedation"], True)
    assert unmet(go(cast, session, checklist=awake)) == ["sedation"]
    assert not Discharge.objects.exists()
    read(cast, session, 120, sedation=None)
    path = f"sessions/{session.pk}/discharge/"
    with clock.fixed(MONDAY + STAY):
        found = {row["code"]: row for row in done(cast.desk("np").get(path), 200)["criteria"]}
    assert (found["sedation"]["state"], found["sedation"]["computed"]) == ("not_met", True)
