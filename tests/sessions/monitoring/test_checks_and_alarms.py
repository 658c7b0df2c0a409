"""What is due, late or missed by the server's clock, swept or not; what a booster and an infusion add; red triggers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kapclinic.core import clock
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from sessions.monitoring.models import Alarm, Check
from sessions.sweep.steps import send_messages, sweep
from tests import cast as people
from tests.cast import IM, IV, MONDAY, Cast, dosed_session, weighed
from tests.sessions.dosing.test_rems import dosed as esketamine_given
from tests.sessions.monitoring.watching import rung, take


@pytest.fixture
def dosed(cast: Cast) -> Session:
    return dosed_session(cast)


def minute(count: float) -> datetime:
    return MONDAY + timedelta(minutes=count)


def shown(cast: Cast, session: Session, at: datetime, **query: str) -> dict[str, str]:
    """Each check's state as `checks/` says it at that moment."""
    with clock.fixed(at):
        rows = cast.desk("np").get(f"sessions/{session.pk}/checks/", **query).json()["results"]
    return {row["id"]: row["state"] for row in rows}


def stored(session: Session) -> dict[str, str]:
    return {str(pk): state for pk, state in Check.objects.filter(session=session).values_list("pk", "state")}


# --- the clock and the sweep agree ------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    read_at=st.sets(st.integers(1, 130), max_size=3),
    seconds=st.lists(st.integers(0, 150 * 60), min_size=1, max_size=3),
)
def test_what_is_shown_before_a_sweep_is_what_the_sweep_writes(
    cast: Cast, dosed: Session, read_at: set[int], seconds: list[int]
) -> None:
    cast.desk("np")  # signed in before what is rolled back
    with transaction.atomic():
        for taken in sorted(read_at):
            values = people.calm() | {"measured_at": minute(taken), "systolic": 130 + taken}
            monitoring.record_reading(
                session=dosed, values=values, dosed_at=MONDAY, by=cast.np, at=minute(taken)
            )
        for second in sorted(seconds):
            at = MONDAY + timedelta(seconds=max(second, 60 * max(read_at, default=0)))
            before = shown(cast, dosed, at)
            monitoring.sweep_checks(at=at)
            assert stored(dosed) == before
            assert shown(cast, dosed, at) == before
            assert set(shown(cast, dosed, at, state="late")) == {k for k, v in before.items() if v == "late"}
        transaction.set_rollback(True)


def test_one_check_tells_its_state_by_the_clock_as_well(cast: Cast, dosed: Session) -> None:
    path = f"sessions/{dosed.pk}/checks/{Check.objects.get(minute=15).pk}/"
    told = []
    for moment in (minute(20), minute(20) + timedelta(microseconds=1), minute(25.1)):
        with clock.fixed(moment):
            told.append(cast.desk("therapist").get(path).json()["state"])
    assert told == ["due", "late", "missed"]
    assert not Alarm.objects.exists()  # looking writes nothing


def test_beat_that_comes_back_rings_within_one_sweep_and_once(cast: Cast, dosed: Session) -> None:
    """Sweeps from minute 20 to 27 were lost with the broker; the next one does their work, from the rows."""
    for _ in range(2):
        sweep(at=minute(27))
    assert rung(dosed) == ["check_missed"]
    sweep(at=minute(32))
    row = Task.objects.open().get(kind="alarm", subject_id=Alarm.objects.get().pk)
    assert set(row.roles) == {"nurse_practitioner", "prescriber"}


@pytest.mark.parametrize(
    ("taken", "causes"),
    [(20, []), (20.1, ["check_late"]), (22.4, ["check_late"]), (25, []), (40, [])],
)
def test_a_late_answer_rings_though_no_sweep_has_passed(
    cast: Cast, dosed: Session, taken: float, causes: list[str]
) -> None:
    """At 25 and 40 the reading is for the check at 30 or 45; the one at 15 waits for the sweep."""
    take(cast, dosed, taken)
    assert rung(dosed) == causes


@pytest.mark.parametrize(
    "night", [datetime(2026, 11, 1, 7, 30, tzinfo=UTC), datetime(2027, 3, 14, 8, 30, tzinfo=UTC)]
)
def test_on_the_nights_when_the_clock_changes_minutes_elapse_as_ever(cast: Cast, night: datetime) -> None:
    """01:30 in Denver, half an hour before the clock is put back or forward."""
    with clock.fixed(night):
        session = people.ready_dose(cast)
        people.give(cast, session)
        rows = cast.desk("np").get(f"sessions/{session.pk}/checks/").json()["results"]
    apart = [datetime.fromisoformat(row["planned_at"]) - night for row in rows]
    assert [gap.total_seconds() / 60 for gap in apart] == [row["minute"] for row in rows]
    monitoring.sweep_checks(at=night + timedelta(minutes=36))
    assert dict(Check.objects.filter(session=session).values_list("minute", "state")) == {
        0: "done",
        15: "missed",
        30: "late",
        45: "due",
        60: "due",
        90: "due",
        120: "due",
    }


# --- a booster, an infusion --------------------------------------------------------------------------------------------


def asked(session: Session) -> list[tuple[str, int | None, str]]:
    rows = Check.objects.filter(session=session, ended_at__isnull=True).order_by("planned_at")
    return [(row.kind, row.minute, row.state) for row in rows]


def test_a_booster_makes_the_watch_longer_and_not_denser(cast: Cast) -> None:
    session = weighed(cast, IM, dose_mg="40", most="80")
    people.give(cast, session, dose_mg=Decimal(40))
    before = asked(session)
    with clock.fixed(minute(20)):
        people.give(cast, session, dose_mg=Decimal(40))
    assert asked(session) == [*before, ("planned", 110, "due")]


def test_esketamine_has_its_labels_checks_whatever_the_protocol_says(cast: Cast) -> None:
    session = esketamine_given(cast)
    assert session.program.protocol.checks_min == [0, 15, 30, 45, 60, 90]
    assert asked(session) == [("planned", 0, "done"), ("planned", 40, "due"), ("before_leaving", 120, "due")]


@pytest.fixture
def infused(cast: Cast) -> tuple[Session, Any]:
    session = weighed(cast, IV)
    return session, people.give(cast, session, dose_mg=Decimal(40), given_by="staff")


def finish(cast: Cast, infused: tuple[Session, Any], ended: float, at: float) -> None:
    session, dose = infused
    with clock.fixed(minute(at)):
        body = {"ended_at": minute(ended).isoformat(), "given_mg": "40", "wasted_mg": "0"}
        cast.desk("np").must(f"sessions/{session.pk}/administrations/{dose.pk}/finish/", body)


def test_one_reading_at_the_end_of_an_infusion_answers_the_planned_check_too(
    cast: Cast, infused: tuple[Session, Any]
) -> None:
    for taken in (10, 20, 30):
        take(cast, infused[0], taken)
    finish(cast, infused, ended=42, at=42)
    take(cast, infused[0], 43)
    assert asked(infused[0]) == [
        *(("planned", m, "done") for m in (0, 10, 20, 30, 40)),
        ("after_end", 42, "done"),
        *(("after_end", m, "due") for m in (57, 72, 87, 102)),
    ]


def test_a_reading_before_the_end_was_written_down_has_answered_it(
    cast: Cast, infused: tuple[Session, Any]
) -> None:
    for taken in (10, 20, 30, 41, 56):
        take(cast, infused[0], taken)
    finish(cast, infused, ended=42, at=60)
    states = {m: state for kind, m, state in asked(infused[0]) if kind == "after_end"}
    assert states == {42: "done", 57: "done", 72: "due", 87: "due", 102: "due"}


def test_the_end_of_an_infusion_hides_no_check_that_was_missed(
    cast: Cast, infused: tuple[Session, Any]
) -> None:
    finish(cast, infused, ended=48, at=80)
    monitoring.sweep_checks(at=minute(80))
    kept = [(m, state) for kind, m, state in asked(infused[0]) if kind == "planned" and m]
    assert kept == [
        (10, "missed"),
        (20, "missed"),
        (30, "missed"),
        (40, "missed"),
        (55, "missed"),
        (70, "late"),
    ]


def test_a_voided_infusion_that_is_settled_asks_for_nothing(cast: Cast) -> None:
    session = weighed(cast, IV)
    dose = people.give(cast, session, dose_mg=Decimal(40), given_by="staff")
    path = f"sessions/{session.pk}/administrations/{dose.pk}"
    cast.desk("prescriber").must(f"{path}/void/", {"reason": "Wrong client"})
    body = {"ended_at": clock.now().isoformat(), "given_mg": "40", "wasted_mg": "0"}
    assert cast.desk("np").post(f"{path}/finish/", body).status_code == 409
    assert [row for row in asked(session) if row[2] != "done"] == []


# --- red triggers ----------------------------------------------------------------------------------------------------


def ring(cast: Cast, session: Session, who: str, **body: str) -> Any:
    return cast.desk(who).post(f"sessions/{session.pk}/alarms/", {"trigger": "chest_pain"} | body)


@pytest.mark.parametrize(
    "trigger", ["severe_agitation", "psychosis", "chest_pain", "new_neuro_sign", "si_with_intent"]
)
def test_what_no_number_shows_rings_red_at_once(cast: Cast, dosed: Session, trigger: str) -> None:
    told = ring(cast, dosed, "therapist", trigger=trigger, note="Says so herself")
    assert told.status_code == 201, told.content
    row = told.json()
    assert (row["cause"], row["trigger"], row["state"]) == ("red_trigger", trigger, "open")
    assert (row["note"], row["reading"], row["check"]) == ("Says so herself", None, None)
    assert cast.desk("np").get(f"alarms/{row['id']}/").json() == row


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *((name, 201) for name in ("np", "therapist", "prescriber", "director")),
        *((name, 403) for name in ("frontdesk", "billing", "admin")),
        ("south_np", 404),
    ],
)
def test_any_clinician_of_the_location_may_ring(cast: Cast, dosed: Session, who: str, status: int) -> None:
    assert ring(cast, dosed, who).status_code == status
    assert Alarm.objects.count() == (status == 201)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"trigger": "bad mood"}, "/trigger"),
        ({"trigger": ""}, "/trigger"),
        ({"note": "x" * 1001}, "/note"),
        ({"cause": "red_trigger"}, "/cause"),
    ],
)
def test_a_trigger_is_one_of_those_that_were_agreed(
    cast: Cast, dosed: Session, body: dict[str, str], pointer: str
) -> None:
    answer = ring(cast, dosed, "np", **body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert not Alarm.objects.exists()


def test_before_the_client_has_come_nobody_rings(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY)
    answer = ring(cast, session, "np", note="Panic in the car")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert b"Panic" not in answer.content


def test_a_trigger_that_nobody_answers_is_carried_up_and_its_words_stay_in_the_record(
    cast: Cast, dosed: Session, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ring(cast, dosed, "therapist", trigger="psychosis", note="Hears a voice")
        for count in (5, 10):
            monitoring.carry_up_alarms(at=minute(count))
        send_messages(at=minute(11))
    task = Task.objects.open().get(kind="alarm")
    assert set(task.roles) == {"nurse_practitioner", "prescriber", "medical_director"}
    sent = [f"{message.subject} {message.body}" for message in mail.outbox]
    assert len(sent) == 3
    for place in (*sent, caplog.text, *map(str, Outbox.objects.values())):
        assert "voice" not in place
        assert "psychosis" not in place
    alarm = Alarm.objects.get()
    cast.desk("prescriber").must(f"alarms/{alarm.pk}/acknowledge/", {"action": "With the client"})
    assert not Task.objects.open().filter(kind="alarm").exists()


def test_the_database_keeps_each_alarm_to_its_cause(cast: Cast, dosed: Session) -> None:
    ring(cast, dosed, "np")
    take(cast, dosed, 15, systolic=205)
    by_hand, by_number = Alarm.objects.get(cause="red_trigger"), Alarm.objects.get(cause="red_reading")
    for row, change in [
        (by_hand, "trigger = ''"),
        (by_hand, "trigger = 'bad mood'"),
        (by_number, "trigger = 'psychosis'"),
        (by_number, "reading_id = NULL"),
        (by_number, "cause = 'check_late'"),
    ]:
        statement = f"UPDATE clinic_sessions_alarm SET {change} WHERE id = %s"
        with pytest.raises(DatabaseError, match="alarm_cause"), transaction.atomic():
            connection.cursor().execute(statement, [row.pk])


def test_an_unanswered_red_reading_reaches_the_prescriber_and_then_the_director(
    cast: Cast, dosed: Session
) -> None:
    take(cast, dosed, 15, systolic=205)
    alarm = Alarm.objects.get(cause="red_reading")
    steps = []
    for count in (19.9, 20, 25):
        monitoring.carry_up_alarms(at=minute(count))
        open_tasks = Task.objects.open().filter(subject_id=alarm.pk)
        steps.append({role for roles in open_tasks.values_list("roles", flat=True) for role in roles})
    assert steps == [
        set(),
        {"nurse_practitioner", "prescriber"},
        {"nurse_practitioner", "prescriber", "medical_director"},
    ]


def test_a_missed_check_rings_also_when_it_is_skipped_before_a_sweep_saw_it(
    cast: Cast, dosed: Session
) -> None:
    first, second = Check.objects.filter(session=dosed, minute__in=[15, 30]).order_by("minute")
    for check, after in ((first, 40), (second, 31)):
        with clock.fixed(minute(after)):
            path = f"sessions/{dosed.pk}/checks/{check.pk}/not-taken/"
            cast.desk("np").must(path, {"reason": "Was with another client"})
    assert [alarm.check_row_id for alarm in Alarm.objects.all()] == [first.pk]
