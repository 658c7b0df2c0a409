"""Vital signs over HTTP: what is refused, which check they answer, and alarms that nobody may lose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from kapclinic.core import clock
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm, Check, Reading
from sessions.sweep.steps import send_messages
from tests import cast as people
from tests.cast import MONDAY, Cast

BODY = {"systolic": 122, "diastolic": 78, "heart_rate": 70, "spo2": 98, "respiratory_rate": 14, "sedation": 5}


@pytest.fixture
def session(cast: Cast) -> Session:
    """The client is there, and has no reading yet."""
    return people.ready_dose(cast, without=("vitals",))


@pytest.fixture
def dosed(cast: Cast) -> Session:
    """Dosed at MONDAY; the reading of the same minute answers the check at minute 0."""
    return people.dosed_session(cast)


def post(cast: Cast, session: Session, who: str = "np", *, key: str | None = "", **change: Any) -> Any:
    body = BODY | {"measured_at": clock.now().isoformat()} | change
    return cast.desk(who).post(f"sessions/{session.pk}/readings/", body, key=key)


def at_minute(
    cast: Cast, session: Session, minute: float, *, measured: float | None = None, **signs: Any
) -> Any:
    """A reading that is recorded at a minute after the dose (measured then too, unless said)."""
    taken = MONDAY + timedelta(minutes=minute if measured is None else measured)
    with clock.fixed(MONDAY + timedelta(minutes=minute)):
        answer = post(cast, session, measured_at=taken.isoformat(), **signs)
    assert answer.status_code == 201, answer.content
    return answer.json()


def swept(minute: float) -> int:
    return monitoring.sweep_checks(at=MONDAY + timedelta(minutes=minute))


def states(session: Session) -> dict[int, str]:
    return dict(Check.objects.filter(session=session).values_list("minute", "state"))


# --- recording ------------------------------------------------------------------------------------------------------


def test_a_reading_keeps_when_it_was_taken_and_when_it_was_written(cast: Cast, session: Session) -> None:
    taken = clock.now()
    with clock.fixed(clock.now() + timedelta(minutes=40)):
        answer = post(cast, session, measured_at=taken.isoformat(), action_taken="Rested")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["measured_at"], told["recorded_at"]) == ("2026-05-04T15:00:00Z", "2026-05-04T15:40:00Z")
    assert (told["recorded_by"], told["source"], told["phase"]) == (str(cast.np.pk), "manual", "pre_dose")
    assert told["bands"] == dict.fromkeys(BODY, "go")
    assert told["action_taken"] == "Rested"


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"systolic": 351}, "/systolic", "implausible"),
        ({"diastolic": 122}, "/diastolic", "reversed"),
        ({"diastolic": 130}, "/diastolic", "reversed"),
        ({"systolic": 350, "diastolic": 301}, "/diastolic", "implausible"),
        ({"systolic": 0, "diastolic": 0}, "/diastolic", "reversed"),
        ({"heart_rate": 351}, "/heart_rate", "implausible"),
        ({"spo2": 101}, "/spo2", "implausible"),
        ({"respiratory_rate": 151}, "/respiratory_rate", "implausible"),
        ({"etco2": 151}, "/etco2", "implausible"),
        ({"etco2": -1}, "/etco2", "min_value"),
        ({"sedation": -1}, "/sedation", "min_value"),
        ({"sedation": 6}, "/sedation", "implausible"),
        ({"systolic": 120.5}, "/systolic", "invalid"),
        ({"heart_rate": 1000}, "/heart_rate", "max_value"),
        ({"heart_rate": -1}, "/heart_rate", "min_value"),
        ({"heart_rate": None}, "/heart_rate", "null"),
        ({"heart_rate": "fast"}, "/heart_rate", "invalid"),
        ({"measured_at": "2026-05-04T15:00:00"}, "/measured_at", "offset_required"),
        ({"measured_at": "2026-05-04T15:01:01Z"}, "/measured_at", "in_the_future"),
        ({"measured_at": "2026-05-04T14:59:59Z"}, "/measured_at", "too_early"),
        ({"temperature": 37}, "/temperature", "unknown_field"),
    ],
)
def test_a_reading_that_can_not_be_is_refused(
    cast: Cast, session: Session, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = post(cast, session, **change)
    assert answer.status_code == 400, answer.content
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert not Reading.objects.exists()
    assert not Alarm.objects.exists()


def test_what_the_protocol_calls_implausible_is_kept_and_told(cast: Cast) -> None:
    limits = {"plausible": {"systolic": [110, 200]}}
    protocol = people.approved_protocol(cast, name="Narrow", min_preparations=0, limits=limits)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=protocol))
    answer = post(cast, session, systolic=109)
    assert answer.status_code == 201, answer.content
    assert answer.json()["unusual"] == [{"sign": "systolic", "last": 122, "now": 109}]
    assert post(cast, session, systolic=110).json()["unusual"] == []


def test_before_the_client_has_come_there_is_nothing_to_measure(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY)
    answer = post(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("np", 201),
        ("prescriber", 201),
        ("therapist", 403),
        ("director", 403),
        ("frontdesk", 403),
        ("billing", 403),
        ("admin", 403),
        ("south_np", 404),
    ],
)
def test_only_nurse_practitioner_and_prescriber_measure(
    cast: Cast, session: Session, who: str, status: int
) -> None:
    assert post(cast, session, who).status_code == status
    assert Reading.objects.count() == (status == 201)


def test_a_reading_comes_with_a_key_and_counts_once(cast: Cast, session: Session) -> None:
    assert post(cast, session, key=None).json()["code"] == "idempotency_key_required"
    first, second = (post(cast, session, key="k") for _ in range(2))
    assert first.json() == second.json()
    assert Reading.objects.count() == 1


def test_a_reading_before_the_dose_that_is_written_after_it_stays_one_before(
    cast: Cast, dosed: Session
) -> None:
    told = at_minute(cast, dosed, 10, measured=0, systolic=150)
    assert (told["phase"], told["bands"]["systolic"], told["check"]) == ("pre_dose", "review", None)


# --- two readings five minutes apart --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readings", "band"),
    [
        ([(30, 181)], "amber"),
        ([(30, 181), (34.9, 181)], "amber"),
        ([(30, 181), (35, 181)], "red"),
        ([(30, 150), (35, 181)], "amber"),
        ([(30, 181), (35, 180)], "amber"),
        ([(30, 201)], "red"),
    ],
)
def test_high_twice_five_minutes_apart_is_red(
    cast: Cast, dosed: Session, readings: list[tuple[float, int]], band: str
) -> None:
    for minute, systolic in readings:
        told = at_minute(cast, dosed, minute, systolic=systolic)
    assert told["bands"]["systolic"] == band
    assert Alarm.objects.filter(cause="red_reading").count() == (band == "red")


def test_a_high_reading_that_was_voided_does_not_count_as_the_first(cast: Cast, dosed: Session) -> None:
    first = at_minute(cast, dosed, 30, systolic=185)
    void = {"reason": "Cuff slipped"}
    cast.desk("np").must(f"sessions/{dosed.pk}/readings/{first['id']}/void/", void)
    assert at_minute(cast, dosed, 36, systolic=185)["bands"]["systolic"] == "amber"


# --- checks -----------------------------------------------------------------------------------------------------------


def test_the_dose_plans_the_protocols_checks_and_the_reading_before_it_answers_the_first(
    cast: Cast, dosed: Session
) -> None:
    rows = cast.desk("therapist").get(f"sessions/{dosed.pk}/checks/").json()["results"]
    assert [row["minute"] for row in rows] == [0, 15, 30, 45, 60, 90, 120]
    assert [row["state"] for row in rows] == ["done", "due", "due", "due", "due", "due", "due"]
    assert rows[1]["planned_at"] == "2026-05-04T15:15:00Z"
    assert rows[0]["reading"] == str(Reading.objects.get().pk)


@pytest.mark.parametrize(
    ("minute", "answered", "state"),
    [(10, 15, "done"), (15, 15, "done"), (20, 15, "done"), (21, 15, "late"), (26, 30, "done")],
)
def test_a_reading_answers_the_nearest_check(
    cast: Cast, dosed: Session, minute: int, answered: int, state: str
) -> None:
    told = at_minute(cast, dosed, minute)
    row = Check.objects.get(pk=told["check"])
    assert (row.minute, row.state, str(row.reading_id)) == (answered, state, told["id"])
    assert cast.desk("therapist").get(f"sessions/{dosed.pk}/readings/{told['id']}/").json() == told


def test_a_reading_between_two_checks_answers_none(cast: Cast, dosed: Session) -> None:
    assert at_minute(cast, dosed, 8)["check"] is None
    assert set(states(dosed).values()) == {"done", "due"}


def test_a_late_entry_answers_by_when_it_was_taken(cast: Cast, dosed: Session) -> None:
    swept(50)
    told = at_minute(cast, dosed, 51, measured=16)
    assert Check.objects.get(pk=told["check"]).minute == 15
    assert states(dosed)[15] == "done"
    assert (
        Alarm.objects.filter(check_row__minute=15).count() == 1
    )  # that it was missed at the time stays told


def test_a_voided_reading_asks_again_and_a_new_one_answers(cast: Cast, dosed: Session) -> None:
    wrong = at_minute(cast, dosed, 15, systolic=201)
    path = f"sessions/{dosed.pk}/readings/{wrong['id']}"
    with clock.fixed(MONDAY + timedelta(minutes=16)):
        told = cast.desk("np").must(f"{path}/void/", {"reason": "Cuff slipped"})
        assert (told["voided"], told["systolic"]) == (True, 201)
        assert states(dosed)[15] == "due"
        again = cast.desk("np").post(f"{path}/void/", {"reason": "Cuff slipped"})
        assert (again.status_code, again.json()["code"]) == (409, "already_void")
    right = at_minute(cast, dosed, 17)
    assert Check.objects.get(pk=right["check"]).minute == 15
    listed = cast.desk("np").get(f"sessions/{dosed.pk}/readings/").json()["results"]
    assert [row["voided"] for row in listed] == [False, True, False]


@pytest.mark.parametrize("who", ["therapist", "director", "frontdesk", "billing", "admin"])
def test_nobody_else_voids_a_reading(cast: Cast, dosed: Session, who: str) -> None:
    path = f"sessions/{dosed.pk}/readings/{Reading.objects.get().pk}/void/"
    assert cast.desk(who).post(path, {"reason": "Cuff slipped"}).status_code == 403


def test_a_reading_has_no_way_to_be_changed(cast: Cast, dosed: Session) -> None:
    path = f"/api/v1/sessions/{dosed.pk}/readings/{Reading.objects.get().pk}/"
    desk = cast.desk("np").client
    assert desk.patch(path, {"systolic": 120}, format="json").status_code == 405
    assert desk.put(path, {"systolic": 120}, format="json").status_code == 405
    assert desk.delete(path).status_code == 405


def test_a_check_that_could_not_be_done_says_why(cast: Cast, dosed: Session) -> None:
    check = Check.objects.get(minute=15)
    path = f"sessions/{dosed.pk}/checks/{check.pk}/not-taken/"
    assert cast.desk("np").post(path, {"reason": ""}).status_code == 400
    assert cast.desk("therapist").post(path, {"reason": "Asleep"}).status_code == 403
    told = cast.desk("np").must(path, {"reason": "Asleep"})
    assert (told["state"], told["reason"]) == ("not_taken", "Asleep")
    swept(60)
    assert states(dosed)[15] == "not_taken"
    assert not Alarm.objects.filter(check_row=check).exists()
    done = Check.objects.get(minute=0)
    again = cast.desk("np").post(f"sessions/{dosed.pk}/checks/{done.pk}/not-taken/", {"reason": "Asleep"})
    assert again.status_code == 409


# --- overdue ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minute", "state", "causes"),
    [
        (20, "due", []),
        (20.1, "late", ["check_late"]),
        (25, "late", ["check_late"]),
        (25.1, "missed", ["check_missed"]),
    ],
)
def test_an_overdue_check_opens_its_alarm_in_one_sweep_and_once(
    dosed: Session, minute: float, state: str, causes: list[str]
) -> None:
    for _ in range(3):
        swept(minute)
    assert states(dosed)[15] == state
    assert list(Alarm.objects.values_list("cause", flat=True)) == causes
    assert not Alarm.objects.exclude(state="open").exists()


def test_late_and_then_missed_are_two_alarms(dosed: Session) -> None:
    swept(21)
    swept(26)
    assert sorted(Alarm.objects.values_list("cause", flat=True)) == ["check_late", "check_missed"]


def test_a_reading_in_time_keeps_the_alarm_away(cast: Cast, dosed: Session) -> None:
    at_minute(cast, dosed, 19)
    swept(30)
    assert not Alarm.objects.exists()


@pytest.mark.parametrize("before", [21, 26])
def test_a_check_that_was_overdue_and_read_and_voided_is_swept_again(
    cast: Cast, dosed: Session, before: float
) -> None:
    swept(before)
    told = at_minute(cast, dosed, before + 0.5)
    with clock.fixed(MONDAY + timedelta(minutes=before + 1)):
        path = f"sessions/{dosed.pk}/readings/{told['id']}/void/"
        cast.desk("np").must(path, {"reason": "Cuff slipped"})
    for minute in (before + 1, 30, 31):
        swept(minute)
    assert states(dosed)[15] == "missed"
    assert Alarm.objects.filter(check_row__minute=15, cause="check_missed").count() == 1


def test_a_dose_that_is_entered_late_rings_for_every_check_that_was_not_taken(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(hours=2)):
        people.give(cast, session, administered_at=MONDAY)
    swept(121)
    missed = {minute for minute, state in states(session).items() if state == "missed"}
    assert missed
    rung = Alarm.objects.filter(cause="check_missed").values_list("check_row__minute", flat=True)
    assert set(rung) == missed


# --- alarms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signs", "cause"),
    [
        ({"systolic": 201}, "red_reading"),
        ({"spo2": 89}, "red_reading"),
        ({"systolic": 161}, "amber_reading"),
        ({}, None),
    ],
)
def test_a_red_or_amber_reading_opens_an_alarm(
    cast: Cast, dosed: Session, signs: dict[str, int], cause: str | None
) -> None:
    told = at_minute(cast, dosed, 15, **signs)
    rows = cast.desk("np").get("alarms/", state="open").json()["results"]
    assert [(row["cause"], row["reading"]) for row in rows] == ([(cause, told["id"])] if cause else [])


def test_an_emergency_before_the_dose_rings_as_well(cast: Cast, session: Session) -> None:
    assert post(cast, session, systolic=201).status_code == 201
    assert Alarm.objects.get().cause == "red_reading"


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_a_clinician_acknowledges_with_what_they_did(cast: Cast, dosed: Session, who: str) -> None:
    at_minute(cast, dosed, 15, systolic=201)
    alarm = Alarm.objects.get()
    told = cast.desk(who).must(f"alarms/{alarm.pk}/acknowledge/", {"action": "Prescriber in the room"})
    assert (told["state"], told["action"], told["acknowledged_by"]) == (
        "acknowledged",
        "Prescriber in the room",
        str(cast.people[who].pk),
    )
    again = cast.desk(who).post(f"alarms/{alarm.pk}/acknowledge/", {"action": "Once more"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("np", {}, 400),
        ("np", {"action": ""}, 400),
        ("frontdesk", {"action": "Seen"}, 403),
        ("billing", {"action": "Seen"}, 403),
        ("admin", {"action": "Seen"}, 403),
        ("south_np", {"action": "Seen"}, 404),
    ],
)
def test_an_alarm_stays_open_until_a_clinician_says_what_was_done(
    cast: Cast, dosed: Session, who: str, body: dict[str, str], status: int
) -> None:
    at_minute(cast, dosed, 15, systolic=201)
    alarm = Alarm.objects.get()
    assert cast.desk(who).post(f"alarms/{alarm.pk}/acknowledge/", body).status_code == status
    assert Alarm.objects.get().state == "open"


def test_an_alarm_that_nobody_acknowledges_is_carried_up(cast: Cast, dosed: Session) -> None:
    at_minute(cast, dosed, 15, systolic=201)
    told: list[set[str]] = []
    for minute in (19.9, 20, 21, 25, 26, 60):
        monitoring.carry_up_alarms(at=MONDAY + timedelta(minutes=minute))
        told.append(set(Task.objects.filter(kind="alarm").values_list("roles", flat=True).first() or ()))
    first = {"nurse_practitioner", "prescriber"}
    assert told == [set(), first, first, *[first | {"medical_director"}] * 3]
    assert Outbox.objects.count() == 3  # nurse, prescriber, director: once each
    send_messages(at=MONDAY + timedelta(hours=1))
    assert not any("robin" in f"{m.subject}{m.body}".lower() for m in mail.outbox)
    alarm = Alarm.objects.get()
    cast.desk("np").must(f"alarms/{alarm.pk}/acknowledge/", {"action": "Rested, repeated"})
    assert not Task.objects.open().filter(kind="alarm").exists()
    assert monitoring.carry_up_alarms(at=MONDAY + timedelta(hours=2)) == 0


def test_an_acknowledged_alarm_is_not_carried_up(cast: Cast, dosed: Session) -> None:
    at_minute(cast, dosed, 15, systolic=201)
    cast.desk("np").must(f"alarms/{Alarm.objects.get().pk}/acknowledge/", {"action": "Rested"})
    assert monitoring.carry_up_alarms(at=MONDAY + timedelta(hours=1)) == 0
    assert not Task.objects.filter(kind="alarm").exists()
