"""The worst vital signs: written at once, told as red, never in the way; what could not be had is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kapclinic.core import clock
from sessions.booking.models import Session
from sessions.dosing.gates.gather import readiness
from sessions.dosing.services.doses import NotReady
from sessions.monitoring.models import Alarm, Check, Reading
from tests import cast as people
from tests.cast import MONDAY, Cast

NEEDED = ["systolic", "diastolic", "heart_rate"]
BODY = {
    "systolic": 122,
    "diastolic": 78,
    "heart_rate": 70,
    "spo2": 98,
    "respiratory_rate": 14,
    "sedation": 5,
    "etco2": 38,
}
WORST: list[dict[str, Any]] = [
    {"respiratory_rate": 0},
    {"spo2": 45},
    {"spo2": 0},
    {"heart_rate": 19},
    {"heart_rate": 0},
    {"heart_rate": 260},
    {"systolic": 45, "diastolic": 20},
    {"systolic": 320},
    {"etco2": 0},
    {"etco2": 90},
    {"systolic": None, "diastolic": None, "heart_rate": None, "not_obtainable": NEEDED, "spo2": 45},
]


@pytest.fixture
def session(cast: Cast) -> Session:
    """The client is there, and has no reading yet."""
    return people.ready_dose(cast, without=("vitals",))


@pytest.fixture
def dosed(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    people.give(cast, session)
    return session


def post(
    cast: Cast, session: Session, *, minute: float = 0, without: tuple[str, ...] = (), **change: Any
) -> Any:
    moment = MONDAY + timedelta(minutes=minute)
    body = BODY | {"measured_at": moment.isoformat()} | change
    with clock.fixed(moment):
        path = f"sessions/{session.pk}/readings/"
        return cast.desk("np").post(path, {k: v for k, v in body.items() if k not in without}, key="")


def kept(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def vitals_gate(session: Session, *, minute: float = 0) -> Any:
    judged = readiness(session_id=session.pk, at=MONDAY + timedelta(minutes=minute))
    return next(gate for gate in judged.gates if gate.code == "vitals")


# --- as red, with its alarm -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signs", WORST, ids=str)
def test_the_worst_before_the_dose_is_an_emergency_and_rings(
    cast: Cast, session: Session, signs: dict[str, Any]
) -> None:
    told = kept(post(cast, session, **signs))
    assert "emergency" in told["bands"].values()
    assert [str(alarm.reading_id) for alarm in Alarm.objects.filter(cause="red_reading")] == [told["id"]]
    assert vitals_gate(session).state == "open"
    assert not vitals_gate(session).overridable_by


@pytest.mark.parametrize("signs", WORST, ids=str)
def test_the_worst_after_the_dose_is_red_and_rings_and_asks_again(
    cast: Cast, dosed: Session, signs: dict[str, Any]
) -> None:
    told = kept(post(cast, dosed, minute=15, **signs))
    assert "red" in told["bands"].values()
    assert [str(alarm.reading_id) for alarm in Alarm.objects.filter(cause="red_reading")] == [told["id"]]
    assert Check.objects.get(kind="recheck").state == "due"


@pytest.mark.parametrize("trigger", ["apnoea", "airway", "unresponsive", "seizure"])
def test_what_is_seen_before_a_number_rings_red(cast: Cast, dosed: Session, trigger: str) -> None:
    told = cast.desk("therapist").must(f"sessions/{dosed.pk}/alarms/", {"trigger": trigger}, status=201)
    assert (told["cause"], told["trigger"], told["state"]) == ("red_trigger", trigger, "open")
    row = Alarm.objects.get()
    row.trigger = "hiccups"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save_by(cast.np, at=clock.now())


# --- what could not be had --------------------------------------------------------------------------------------------


def test_oxygen_alone_is_kept_when_the_rest_could_not_be_had(cast: Cast, session: Session) -> None:
    told = kept(post(cast, session, without=(*NEEDED, "sedation", "etco2"), not_obtainable=NEEDED[::-1]))
    assert (told["not_obtainable"], told["systolic"], told["spo2"]) == (NEEDED, None, 98)
    assert told["bands"] == {"spo2": "go", "respiratory_rate": "go"}
    gate = vitals_gate(session)
    assert (gate.state, gate.overridable_by) == ("open", ())
    assert gate.detail == "Pressure or heart rate was not obtainable in the last reading: measure them."
    kept(post(cast, session))
    assert vitals_gate(session).state == "pass"


@pytest.mark.parametrize("sign", NEEDED)
def test_the_gate_needs_each_of_pressure_and_pulse(cast: Cast, session: Session, sign: str) -> None:
    kept(post(cast, session))
    kept(post(cast, session, minute=1, **{sign: None}, not_obtainable=[sign]))
    assert vitals_gate(session, minute=1).state == "open"
    assert not vitals_gate(session, minute=1).overridable_by


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"heart_rate": None}, "/heart_rate", "null"),
        ({"without": ("heart_rate",)}, "/heart_rate", "required"),
        ({"without": ("systolic",), "not_obtainable": ["diastolic"]}, "/systolic", "required"),
        ({"not_obtainable": ["heart_rate"]}, "/not_obtainable", "contradicted"),
        ({"not_obtainable": ["spo2"]}, "/not_obtainable/0", "invalid_choice"),
        ({"systolic": 45, "diastolic": 45}, "/diastolic", "reversed"),
        ({"systolic": 20, "diastolic": 45}, "/diastolic", "reversed"),
    ],
)
def test_a_reading_that_contradicts_itself_is_refused(
    cast: Cast, session: Session, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = post(cast, session, **change)
    assert answer.status_code == 400, answer.content
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert not Reading.objects.exists()


def test_after_the_dose_a_pulse_that_could_not_be_had_is_amber_and_asked_for_again(
    cast: Cast, dosed: Session
) -> None:
    told = kept(post(cast, dosed, minute=15, heart_rate=None, not_obtainable=["heart_rate"]))
    assert told["bands"]["heart_rate"] == "amber"
    assert Alarm.objects.get().cause == "amber_reading"
    assert Check.objects.get(kind="recheck").planned_at == MONDAY + timedelta(minutes=20)


def test_a_pressure_that_could_not_be_had_in_between_does_not_end_the_repeat(
    cast: Cast, dosed: Session
) -> None:
    kept(post(cast, dosed, minute=15, systolic=185))
    lacking = {"systolic": None, "diastolic": None, "not_obtainable": ["systolic", "diastolic"]}
    kept(post(cast, dosed, minute=20, **lacking))
    assert kept(post(cast, dosed, minute=25, systolic=185))["bands"]["systolic"] == "red"


def test_no_booster_on_a_red_pressure_that_was_only_not_measured_again(cast: Cast, dosed: Session) -> None:
    kept(post(cast, dosed, minute=15, systolic=210))
    cast.desk("np").must(f"alarms/{Alarm.objects.get().pk}/acknowledge/", {"action": "Prescriber there"})
    lacking = {"systolic": None, "diastolic": None, "not_obtainable": ["systolic", "diastolic"]}
    kept(post(cast, dosed, minute=20, **lacking))
    with clock.fixed(MONDAY + timedelta(minutes=21)), pytest.raises(NotReady, match="red"):
        people.give(cast, dosed, dose_mg=50)
    kept(post(cast, dosed, minute=22))
    with clock.fixed(MONDAY + timedelta(minutes=23)):
        people.give(cast, dosed, dose_mg=50)


def test_the_database_keeps_no_reading_without_pressure_or_why(cast: Cast, session: Session) -> None:
    kept(post(cast, session))
    row = Reading.objects.get()
    for missing, value in (([], None), (["heart_rate"], 70)):
        fields = {name: getattr(row, name) for name in ("session", "phase", "systolic", "diastolic", "bands")}
        when = {name: getattr(row, name) for name in ("measured_at", "recorded_at", "recorded_by")}
        broken = Reading(**fields, **when, heart_rate=value, not_obtainable=missing)
        with pytest.raises(IntegrityError, match="reading_heart_rate_or_why"), transaction.atomic():
            broken.insert_by(cast.np, at=clock.now())


# --- far from the last value ------------------------------------------------------------------------------------------


def test_a_value_far_from_the_last_one_is_kept_told_and_rings(cast: Cast, dosed: Session) -> None:
    told = kept(post(cast, dosed, minute=15, systolic=212))
    assert told["unusual"] == [{"sign": "systolic", "last": 122, "now": 212}]
    assert told["bands"]["systolic"] == "red"
    assert Alarm.objects.get().cause == "red_reading"
    seen = cast.desk("np").get(f"sessions/{dosed.pk}/readings/{told['id']}/").json()
    assert seen["unusual"] == told["unusual"]


def test_confirmed_it_is_not_unusual_and_rings_all_the_same(cast: Cast, dosed: Session) -> None:
    told = kept(post(cast, dosed, minute=15, systolic=212, confirm=True))
    assert (told["unusual"], told["bands"]["systolic"]) == ([], "red")
    assert Alarm.objects.get().cause == "red_reading"


def test_the_same_value_again_is_not_far_from_the_last(cast: Cast, dosed: Session) -> None:
    kept(post(cast, dosed, minute=15, systolic=170))
    assert kept(post(cast, dosed, minute=20, systolic=172))["unusual"] == []


def test_a_voided_reading_and_a_later_one_are_not_the_last(cast: Cast, dosed: Session) -> None:
    wrong = kept(post(cast, dosed, minute=15, systolic=212))
    path = f"sessions/{dosed.pk}/readings/{wrong['id']}/void/"
    with clock.fixed(MONDAY + timedelta(minutes=16)):
        cast.desk("np").must(path, {"reason": "Cuff slipped"})
    assert kept(post(cast, dosed, minute=17))["unusual"] == []
    with clock.fixed(MONDAY + timedelta(minutes=30)):
        late = {"measured_at": (MONDAY + timedelta(minutes=16)).isoformat(), "systolic": 165}
        answer = cast.desk("np").post(f"sessions/{dosed.pk}/readings/", BODY | late, key="")
    assert kept(answer)["unusual"] == [{"sign": "systolic", "last": 122, "now": 165}]


def test_the_first_reading_is_unusual_only_beyond_what_is_plausible(cast: Cast, session: Session) -> None:
    told = kept(post(cast, session, heart_rate=19, systolic=165))
    assert told["unusual"] == [{"sign": "heart_rate", "last": None, "now": 19}]


# --- shown wherever signs are shown -----------------------------------------------------------------------------------


def test_the_board_the_nearest_reading_and_the_evidence_show_it(cast: Cast, dosed: Session) -> None:
    lacking = {"systolic": None, "diastolic": None, "not_obtainable": ["systolic", "diastolic"]}
    told = kept(post(cast, dosed, minute=15, etco2=90, **lacking))
    onset = MONDAY + timedelta(minutes=15)
    event = {"term": "hypertension", "grade": 1, "serious": False, "onset_at": onset.isoformat()}
    with clock.fixed(MONDAY + timedelta(minutes=16)):
        body = event | {"causality": "possible", "action": "none", "outcome": "recovering"}
        near = cast.desk("np").must(f"sessions/{dosed.pk}/adverse-events/", body, status=201)
        ward = cast.desk("np").get("monitoring-board/", location=str(cast.north.pk))
        page = cast.desk("director").get(f"sessions/{dosed.pk}/evidence/")
        paper = cast.desk("director").get(f"sessions/{dosed.pk}/evidence/pdf/")
        record = cast.desk("np").get(f"sessions/{dosed.pk}/record/")
    assert ward.status_code == 200, ward.content
    last = ward.json()["sessions"][0]["last_reading"]
    nearest = near["vitals"]
    for shown in (told, last, nearest, page.json()["evidence"]["readings"][-1]):
        assert (shown["etco2"], shown["systolic"]) == (90, None)
    assert last["not_obtainable"] == ["systolic", "diastolic"]
    assert paper.status_code == 200
    assert record.json()["peaks"]["systolic"]["value"] == 122
