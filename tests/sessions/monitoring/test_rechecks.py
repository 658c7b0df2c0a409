"""A reading that is not good asks for another; and what a late entry or a void changes in it (clinical policy 3.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.booking.models import Session
from sessions.monitoring import selectors
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm, Check, Reading
from tests import cast as people
from tests.cast import MONDAY, Cast, dosed_session
from tests.sessions.monitoring.watching import rechecks, rung, take, void

HIGH: dict[str, Any] = {"systolic": 165}


@pytest.fixture
def dosed(cast: Cast) -> Session:
    return dosed_session(cast)


@pytest.mark.parametrize("signs", [HIGH, {"spo2": 91}, {"spo2": 89}, {"systolic": 205}])
def test_an_amber_or_red_reading_is_repeated_in_five_minutes(
    cast: Cast, dosed: Session, signs: dict[str, int]
) -> None:
    first = take(cast, dosed, 15, **signs)
    assert rechecks(dosed) == [(20, "due", True)]
    row = Check.objects.get(kind="recheck")
    assert (row.minute, str(row.after_reading_id)) == (None, first["id"])
    listed = cast.desk("np").get(f"sessions/{dosed.pk}/checks/", kind="recheck").json()["results"]
    assert [(r["id"], r["kind"], r["after_reading"]) for r in listed] == [
        (str(row.pk), "recheck", first["id"])
    ]


def test_a_good_reading_asks_for_nothing(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 15)
    assert rechecks(dosed) == []


def test_before_the_dose_a_prescriber_decides_and_nothing_is_repeated_by_itself(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    take(cast, session, 0, systolic=205)
    assert (rechecks(session), rung(session)) == ([], ["red_reading"])


def test_the_next_reading_answers_it_and_asks_again_while_it_is_not_good(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 15, **HIGH)
    second = take(cast, dosed, 20, **HIGH)
    assert rechecks(dosed) == [(20, "done", False), (25, "due", True)]
    assert Check.objects.get(kind="recheck", state="done").reading_id is not None
    assert second["check"] is not None
    take(cast, dosed, 22)
    assert rechecks(dosed) == [(20, "done", False), (25, "done", False)]


def test_one_reading_answers_the_planned_check_and_the_repeat(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 25, **HIGH)
    told = take(cast, dosed, 30, systolic=120)
    answered = Check.objects.filter(reading_id=told["id"]).values_list("kind", "state")
    assert sorted(answered) == [("recheck", "done")]  # the one at 30 was answered at 25 already
    take(cast, dosed, 41, **HIGH)
    told = take(cast, dosed, 46)
    assert sorted(Check.objects.filter(reading_id=told["id"]).values_list("kind", "minute")) == [
        ("recheck", None)
    ]


def test_one_repeat_is_open_at_a_time(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 15, **HIGH)
    take(cast, dosed, 16, measured=14, **HIGH)  # an earlier one, written down later
    assert rechecks(dosed) == [(20, "due", True)]
    row = Check.objects.get(kind="recheck")
    with pytest.raises(DatabaseError, match="check_one_recheck"), transaction.atomic():
        Check(session=dosed, kind="recheck", after_reading=row.after_reading, planned_at=MONDAY).save_by(
            cast.np, at=MONDAY
        )


def test_a_repeat_that_nobody_takes_rings_and_is_carried_up(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 15, **HIGH)
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=20))
    row = Check.objects.get(kind="recheck")
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=26))
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=31))
    assert sorted(row.alarms.values_list("cause", flat=True)) == ["check_late", "check_missed"]
    monitoring.carry_up_alarms(at=MONDAY + timedelta(minutes=31))
    late = row.alarms.get(cause="check_late")
    assert Task.objects.open().filter(kind="alarm", subject_id=late.pk).exists()


def test_a_repeat_that_was_refused_says_why(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 15, **HIGH)
    path = f"sessions/{dosed.pk}/checks/{Check.objects.get(kind='recheck').pk}/not-taken/"
    assert cast.desk("np").post(path, {"reason": ""}).status_code == 400
    assert cast.desk("np").must(path, {"reason": "Refused"})["state"] == "not_taken"
    take(cast, dosed, 30, **HIGH)
    assert rechecks(dosed) == [(20, "not_taken", True), (35, "due", True)]


def test_voiding_the_reading_that_asked_ends_the_repeat(cast: Cast, dosed: Session) -> None:
    wrong = take(cast, dosed, 15, **HIGH)
    void(cast, dosed, wrong, 16)
    assert rechecks(dosed) == [(20, "not_taken", False)]
    monitoring.sweep_checks(at=MONDAY + timedelta(minutes=40))
    assert not Alarm.objects.filter(check_row__kind="recheck").exists()
    take(cast, dosed, 41, **HIGH)
    assert rechecks(dosed)[-1] == (46, "due", True)


def test_voiding_the_repeat_asks_for_it_again(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 15, **HIGH)
    wrong = take(cast, dosed, 20)
    void(cast, dosed, wrong, 21)
    assert rechecks(dosed) == [(20, "due", True)]
    take(cast, dosed, 22)
    assert rechecks(dosed) == [(20, "done", False)]


def test_voiding_a_repeat_that_was_followed_by_another_leaves_the_later_answer(
    cast: Cast, dosed: Session
) -> None:
    take(cast, dosed, 15, **HIGH)
    wrong = take(cast, dosed, 20, **HIGH)
    last = take(cast, dosed, 27)
    void(cast, dosed, wrong, 28)
    answers = dict(Check.objects.filter(kind="recheck").values_list("planned_at", "reading_id"))
    assert str(answers[MONDAY + timedelta(minutes=20)]) == last["id"]
    assert rung(dosed).count("check_late") == 1  # 27 is late for 20


def test_a_late_entry_keeps_both_times_and_asks_for_a_repeat_from_now_on(cast: Cast, dosed: Session) -> None:
    told = take(cast, dosed, 40, measured=16, **HIGH)
    assert (told["measured_at"], told["recorded_at"]) == ("2026-05-04T15:16:00Z", "2026-05-04T15:40:00Z")
    assert rechecks(dosed) == [(40, "due", True)]


def test_a_late_entry_before_a_later_reading_asks_for_nothing(cast: Cast, dosed: Session) -> None:
    take(cast, dosed, 30)
    take(cast, dosed, 31, measured=16, **HIGH)
    assert rechecks(dosed) == []


def test_a_late_entry_may_be_the_first_of_two_high_readings(cast: Cast, dosed: Session) -> None:
    later = take(cast, dosed, 30, systolic=185)
    assert later["bands"]["systolic"] == "amber"
    take(cast, dosed, 31, measured=24, systolic=185)
    red = Alarm.objects.get(cause="red_reading")
    assert str(red.reading_id) == later["id"]
    assert Reading.objects.get(pk=later["id"]).bands["systolic"] == "amber"  # as it was judged then


def test_a_reading_is_judged_beside_rows_as_beside_the_readings_themselves(
    cast: Cast, dosed: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `bands_of` says of it among models; and none is made of those that stand."""
    wrong = take(cast, dosed, 8, systolic=185, heart_rate=125)
    take(cast, dosed, 10, systolic=185, heart_rate=125)
    take(cast, dosed, 12, systolic=None, diastolic=None, not_obtainable=["systolic", "diastolic"])
    void(cast, dosed, wrong, 13)
    take(cast, dosed, 14, heart_rate=125)
    made = Mock(side_effect=Reading.from_db)
    monkeypatch.setattr(Reading, "from_db", made)
    asked = selectors.asked_checks(session_id=dosed.pk).filter(after_reading__isnull=False).count()
    told = take(cast, dosed, 16, systolic=185, heart_rate=125)
    assert made.call_count == asked  # each recheck comes with the reading that asked for it
    standing = list(selectors.standing_readings(session_id=dosed.pk))
    assert len(standing) == 5  # with the one before the dose
    protocol = dosed.program.protocol
    expected = selectors.bands_of(standing[-1], standing, protocol, dosed_at=MONDAY)
    assert told["bands"] == expected
    assert (expected["systolic"], expected["heart_rate"]) == ("red", "amber")


def test_a_fast_heart_rings_red_only_when_it_was_fast_all_the_time(cast: Cast, dosed: Session) -> None:
    for minute, rate, band in [(10, 125, "amber"), (12, 118, "amber"), (15, 125, "amber"), (20, 125, "red")]:
        assert take(cast, dosed, minute, heart_rate=rate)["bands"]["heart_rate"] == band
    assert rung(dosed).count("red_reading") == 1


def test_after_the_discharge_nothing_is_asked_for_any_more(cast: Cast, dosed: Session) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=30)):
        body = {
            "checklist": {},
            "escort_present": True,
            "discharged_at": clock.now().isoformat(),
            "override_reason": "Transfer to hospital",
        }
        cast.desk("prescriber").must(f"sessions/{dosed.pk}/discharge/", body)
    assert take(cast, dosed, 31, measured=29, **HIGH)["bands"]["systolic"] == "amber"
    assert rechecks(dosed) == []
    assert rung(dosed) == ["check_missed"]  # the one at 15, which no sweep has seen
    assert Task.objects.open().get(kind="recorded_late").subject_id == dosed.pk  # the reading rings no more


def test_the_database_knows_a_repeat_from_a_planned_check(cast: Cast, dosed: Session) -> None:
    row = Check.objects.get(minute=15)
    for change in ("kind = 'recheck'", "minute = NULL", "kind = 'whenever'"):
        statement = f"UPDATE clinic_sessions_check SET {change} WHERE id = %s"
        with pytest.raises(DatabaseError, match="check_kind"), transaction.atomic():
            connection.cursor().execute(statement, [row.pk])
