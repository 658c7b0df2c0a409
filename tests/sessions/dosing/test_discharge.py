"""Going home: the minimum stay, the last vital signs, the escort, the draws; and when to drive again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.models import Discharge
from sessions.dosing.rules import discharge
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm, Check
from tests import cast as people
from tests.cast import IV, MONDAY, Cast, lot_of, weighed
from tests.sessions.giving import attempt, stock, witness

STATED = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
STAY = timedelta(minutes=120)


def dosed(cast: Cast, *, read_at: int | None = 119, **signs: Any) -> Session:
    """A session that was dosed at MONDAY, with the last reading so many minutes after it."""
    session = people.dosed_session(cast)
    if read_at is not None:
        read(cast, session, read_at, **signs)
    return session


def read(cast: Cast, session: Session, minute: int, **signs: Any) -> None:
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        session.refresh_from_db()
        values = people.calm() | signs
        monitoring.record_reading(session=session, values=values, dosed_at=MONDAY, by=cast.np, at=clock.now())


def go(cast: Cast, session: Session, who: str = "np", *, after: timedelta = STAY, **more: Any) -> Any:
    """The answer to a discharge so long after the dose."""
    with clock.fixed(MONDAY + after):
        body = {
            "checklist": dict.fromkeys(STATED, True),
            "escort_present": True,
            "discharged_at": clock.now().isoformat(),
        }
        return cast.desk(who).post(f"sessions/{session.pk}/discharge/", body | more)


def unmet(answer: Any) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready"), answer.content
    assert not Discharge.objects.exists()
    return [row["code"] for row in answer.json()["unmet"]]


def test_a_well_client_goes_home_after_the_minimum_stay(cast: Cast) -> None:
    session = dosed(cast)
    answer = go(cast, session)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    computed = {
        "minimum_stay": True,
        "vitals": True,
        "alarms": True,
        "sedation": True,
        "escort": True,
        "integration_booked": False,
    }
    assert told["checklist"] == dict.fromkeys(STATED, True) | computed
    assert {row["code"]: row["state"] for row in told["criteria"]} == {
        code: "not_met" if code == "integration_booked" else "met" for code in discharge.CRITERIA
    }
    assert told["no_drive_until"] == "2026-05-05T15:00:00Z"
    assert told["by"] == str(cast.np.pk)
    assert cast.desk("therapist").get(f"sessions/{session.pk}/discharge/").json() == told
    with clock.fixed(MONDAY + STAY):
        done = cast.desk("np").must(f"sessions/{session.pk}/complete/", {})
    assert (done["status"], done["outcome"]) == ("completed", "dosed")


@pytest.mark.parametrize(
    ("after", "codes"),
    [(STAY - timedelta(seconds=1), ["minimum_stay"]), (STAY, None), (STAY + timedelta(hours=1), None)],
)
def test_the_stay_is_at_least_the_protocols(cast: Cast, after: timedelta, codes: list[str] | None) -> None:
    answer = go(cast, dosed(cast, read_at=int(after.total_seconds() // 60)), after=after)
    if codes is None:
        assert answer.status_code == 201
    else:
        assert unmet(answer) == codes


def test_the_stay_counts_from_the_booster(cast: Cast) -> None:
    session = dosed(cast, read_at=None)
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        people.give(cast, session, dose_mg=50)
    read(cast, session, 130)
    assert unmet(go(cast, session, after=timedelta(minutes=139))) == ["minimum_stay"]
    assert go(cast, session, after=timedelta(minutes=140)).status_code == 201


def test_a_client_says_nothing_about_what_the_record_knows(cast: Cast) -> None:
    session = dosed(cast, systolic=170)
    checklist = dict.fromkeys([*STATED, "minimum_stay", "vitals", "sedation", "escort"], True)
    answer = go(cast, session, after=timedelta(minutes=119), checklist=checklist, escort_present=False)
    assert unmet(answer) == ["minimum_stay", "vitals", "escort"]


@pytest.mark.parametrize("missing", STATED)
def test_each_statement_is_needed(cast: Cast, missing: str) -> None:
    checklist = {key: key != missing for key in STATED}
    session = dosed(cast)
    assert unmet(go(cast, session, checklist=checklist)) == [missing]
    checklist.pop(missing)
    assert unmet(go(cast, session, checklist=checklist)) == [missing]


@pytest.mark.parametrize(
    ("signs", "allowed"),
    [
        ({}, True),
        ({"systolic": 146}, True),  # in band, and within 20 % of 122
        ({"systolic": 161, "diastolic": 85}, False),  # amber, and 32 % above
        ({"systolic": 101, "diastolic": 78, "heart_rate": 120}, False),
        ({"heart_rate": 110}, True),
        ({"heart_rate": 111}, False),
        ({"spo2": 91}, False),
        ({"respiratory_rate": 9}, False),
    ],
)
def test_the_last_vital_signs_are_in_band_or_near_the_baseline(
    cast: Cast, signs: dict[str, int], allowed: bool
) -> None:
    answer = go(cast, dosed(cast, **signs))
    if allowed:
        assert answer.status_code == 201, answer.content
    else:
        assert "vitals" in unmet(answer)


def test_a_client_with_a_high_baseline_may_go_home_near_it(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    high = people.calm() | {"systolic": 140, "diastolic": 88}
    session.refresh_from_db()
    monitoring.record_reading(session=session, values=high, dosed_at=None, by=cast.np, at=clock.now())
    people.give(cast, session)
    read(cast, session, 119, systolic=165, diastolic=88)  # amber, but within 20 % of 140
    assert go(cast, session).status_code == 201


@pytest.mark.parametrize("spo2", [91, 89])
def test_nearness_to_the_baseline_excuses_no_low_oxygen(cast: Cast, spo2: int) -> None:
    assert "vitals" in unmet(go(cast, dosed(cast, spo2=spo2)))


@pytest.mark.parametrize(("read_at", "allowed"), [(1, False), (59, False), (60, True), (119, True)])
def test_vital_signs_from_long_before_let_nobody_go(cast: Cast, read_at: int, allowed: bool) -> None:
    """`leaving_vitals_min` of the protocol, 60 by default; an old protocol has the default."""
    session = dosed(cast, read_at=read_at)
    if allowed:
        assert go(cast, session).status_code == 201
    else:
        assert unmet(go(cast, session)) == ["vitals", "sedation"]


def test_nobody_had_left_who_was_measured_afterwards(cast: Cast) -> None:
    """A discharge before a reading that stands would be judged without it; a prescriber sends nobody home so either."""
    session = dosed(cast)
    read(cast, session, 130, systolic=175)
    left = {"discharged_at": (MONDAY + STAY).isoformat(), "override_reason": "Wants to go"}
    for who in ("np", "prescriber"):
        answer = go(cast, session, who, after=timedelta(minutes=131), **left)
        assert answer.status_code == 400, answer.content
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/discharged_at", "too_early")
        assert "175" not in answer.content.decode()
    assert not Discharge.objects.exists()
    assert not session.checks.exclude(ended_at=None).exists()
    left["discharged_at"] = (MONDAY + timedelta(minutes=130)).isoformat()
    assert unmet(go(cast, session, after=timedelta(minutes=131), discharged_at=left["discharged_at"])) == [
        "vitals"
    ]
    assert go(cast, session, "prescriber", after=timedelta(minutes=131), **left).status_code == 201


def test_nobody_drives_within_24_hours_of_the_booster(cast: Cast) -> None:
    """The sheet counts all its times from the last dose."""
    session = dosed(cast, read_at=None)
    with clock.fixed(MONDAY + timedelta(minutes=175)):
        people.give(cast, session, dose_mg=50)
    read(cast, session, 295)
    told = go(cast, session, after=timedelta(minutes=295)).json()
    assert told["no_drive_until"] == "2026-05-05T17:55:00Z"
    sheet = Discharge.objects.get().sheet
    assert sheet["no_drive_until"] == sheet["rest_until"]


@pytest.mark.parametrize("cause", ["red_reading", "red_trigger"])
def test_nobody_goes_home_while_a_red_alarm_is_open(cast: Cast, cause: str) -> None:
    session = dosed(cast, read_at=None)
    if cause == "red_reading":
        read(cast, session, 60, systolic=205)
    else:
        body = {"trigger": "chest_pain", "note": "Says so herself"}
        cast.desk("therapist").must(f"sessions/{session.pk}/alarms/", body)
    read(cast, session, 119)
    answer = go(cast, session)
    assert unmet(answer) == ["alarms"]
    assert b"herself" not in answer.content
    alarm = Alarm.objects.get(cause=cause)
    cast.desk("prescriber").must(f"alarms/{alarm.pk}/acknowledge/", {"action": "Looked at, ECG normal"})
    assert go(cast, session).status_code == 201


def test_red_readings_before_a_late_entry_of_the_dose_keep_the_client_too(cast: Cast) -> None:
    session = people.ready_dose(cast)
    for minute in (110, 116):
        with clock.fixed(MONDAY + timedelta(minutes=minute)):
            body = people.calm() | {"systolic": 185, "diastolic": 112, "measured_at": clock.now().isoformat()}
            cast.desk("np").must(f"sessions/{session.pk}/readings/", body)
    with clock.fixed(MONDAY + timedelta(minutes=119)):
        people.give(cast, session, administered_at=MONDAY)
    assert unmet(go(cast, session)) == ["vitals", "alarms"]


def test_a_client_who_is_not_fully_awake_stays(cast: Cast) -> None:
    assert unmet(go(cast, dosed(cast, sedation=4))) == ["sedation"]


def test_without_a_reading_since_the_dose_nobody_goes_home(cast: Cast) -> None:
    assert unmet(go(cast, dosed(cast, read_at=None))) == ["vitals", "sedation"]


def test_sedation_is_stated_only_when_no_reading_holds_it(cast: Cast) -> None:
    session = dosed(cast, sedation=None)
    assert unmet(go(cast, session)) == ["sedation"]
    stated = dict.fromkeys([*STATED, "sedation"], True)
    assert go(cast, session, checklist=stated).status_code == 201


def test_an_escort_who_is_not_there_or_not_named_keeps_the_client(cast: Cast) -> None:
    session = dosed(cast)
    assert unmet(go(cast, session, escort_present=False)) == ["escort"]
    session.refresh_from_db()
    session.escort = None
    session.save_by(cast.frontdesk, at=clock.now())
    assert unmet(go(cast, session)) == ["escort"]


def test_an_open_draw_keeps_the_client(cast: Cast) -> None:
    session, lot = weighed(cast, IV), lot_of(cast)
    dose = attempt(cast, session, **stock(lot, dose_mg="40", drawn_mg="50")).json()
    read(cast, session, 119)
    for who, why in (("np", ""), ("prescriber", "On my responsibility")):
        answer = go(cast, session, who, override_reason=why)
        assert (answer.status_code, answer.json()["code"]) == (409, "open_draw")
    ended = {"ended_at": MONDAY.isoformat(), "given_mg": "40", "wasted_mg": "10", "witness": witness(cast)}
    cast.desk("np").must(f"sessions/{session.pk}/administrations/{dose['id']}/finish/", ended)
    assert go(cast, session).status_code == 201


def test_a_prescriber_may_let_a_client_go_early_with_a_reason(cast: Cast) -> None:
    session = dosed(cast, read_at=50)
    early = {"after": timedelta(minutes=60), "override_reason": "Hospital transfer"}
    answer = go(cast, session, "np", **early)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert unmet(go(cast, session, "prescriber", after=timedelta(minutes=60))) == ["minimum_stay"]
    answer = go(cast, session, "prescriber", **early)
    assert answer.status_code == 201
    assert (answer.json()["override_reason"], answer.json()["checklist"]["minimum_stay"]) == (
        "Hospital transfer",
        False,
    )


def test_a_reason_that_was_not_needed_is_not_kept(cast: Cast) -> None:
    assert go(cast, dosed(cast), "np", override_reason="Just in case").json()["override_reason"] == ""


@pytest.mark.parametrize("who", ["therapist", "frontdesk", "director", "billing", "admin"])
def test_nobody_else_discharges(cast: Cast, who: str) -> None:
    answer = go(cast, dosed(cast), who)
    assert answer.status_code == 403
    assert not Discharge.objects.exists()


def test_nobody_is_discharged_twice_or_without_a_dose(cast: Cast) -> None:
    undosed = people.ready_dose(cast)
    answer = go(cast, undosed)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    people.give(cast, undosed)
    read(cast, undosed, 119)
    assert go(cast, undosed).status_code == 201
    again = go(cast, undosed)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert Discharge.objects.count() == 1


def test_a_dosed_client_is_not_completed_before_the_discharge(cast: Cast) -> None:
    session = dosed(cast)
    answer = cast.desk("np").post(f"sessions/{session.pk}/complete/")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    session.refresh_from_db()
    assert session.status == "in_progress"


@pytest.mark.parametrize("shift", [timedelta(minutes=2), timedelta(minutes=-121)])
def test_a_discharge_is_neither_in_the_future_nor_before_the_dose(cast: Cast, shift: timedelta) -> None:
    at = (MONDAY + STAY + shift).isoformat()
    answer = go(cast, dosed(cast), discharged_at=at)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/discharged_at"


def test_after_the_discharge_nothing_more_is_asked_for(cast: Cast) -> None:
    session = dosed(cast)
    assert Check.objects.filter(state="due", ended_at__isnull=True).exists()
    go(cast, session)
    assert not Check.objects.filter(reading__isnull=True, ended_at__isnull=True).exists()
    told = set(Check.objects.values_list("pk", "state"))
    assert monitoring.sweep_checks(at=MONDAY + timedelta(days=1)) == 0
    assert set(Check.objects.values_list("pk", "state")) == told


DENVER, NEW_YORK = ZoneInfo("America/Denver"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("dosed_at", "zone", "until"),
    [
        # 24 h after a dose at 09:00 is later than 06:00 on the next day
        ("2026-05-04T15:00Z", DENVER, "2026-05-05T15:00Z"),
        # a dose at 05:59 in the morning: 06:00 on the next day is later, by a minute
        ("2026-05-04T11:59Z", DENVER, "2026-05-05T12:00Z"),
        ("2026-05-04T12:00Z", DENVER, "2026-05-05T12:00Z"),
        ("2026-05-04T12:01Z", DENVER, "2026-05-05T12:01Z"),
        # the clock falls back in the night to 1 November: 24 elapsed hours after 05:30 is 04:30, so 06:00 MST counts
        ("2026-10-31T11:30Z", DENVER, "2026-11-01T13:00Z"),
        ("2026-10-31T12:30Z", DENVER, "2026-11-01T13:00Z"),
        ("2026-10-31T13:30Z", DENVER, "2026-11-01T13:30Z"),
        # the clock jumps in the night to 8 March: 06:00 MDT is only 23 hours after 06:00 MST
        ("2026-03-07T12:30Z", DENVER, "2026-03-08T12:30Z"),
        # the evening dose: past midnight in UTC, still the same local day
        ("2026-05-05T01:00Z", NEW_YORK, "2026-05-06T01:00Z"),
    ],
)
def test_nobody_drives_before_the_next_day_and_24_hours(dosed_at: str, zone: ZoneInfo, until: str) -> None:
    found = discharge.no_drive_until(dosed_at=datetime.fromisoformat(dosed_at), zone=zone)
    assert found == datetime.fromisoformat(until)


def test_nobody_leaves_before_the_last_dose_is_in(cast: Cast) -> None:
    session = dosed(cast, read_at=None)
    with clock.fixed(MONDAY + timedelta(minutes=20)):
        people.give(cast, session, dose_mg=50)
    left = {"discharged_at": (MONDAY + timedelta(minutes=15)).isoformat(), "override_reason": "Transfer"}
    answer = go(cast, session, "prescriber", after=timedelta(minutes=30), **left)
    assert answer.status_code == 400, answer.content
    assert [row["pointer"] for row in answer.json()["errors"]] == ["/discharged_at"]
    assert not Discharge.objects.exists()
    assert not session.checks.exclude(ended_at=None).exists()
    left["discharged_at"] = (MONDAY + timedelta(minutes=25)).isoformat()
    assert go(cast, session, "prescriber", after=timedelta(minutes=30), **left).status_code == 201
