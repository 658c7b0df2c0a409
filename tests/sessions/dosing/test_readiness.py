"""The gates before a dose: each alone blocks it, the front desk reads blockers in plain words, some may be overridden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.trail.models import AuditEvent
from programs import services as programs
from screening import services as screening
from screening.models import Clearance, Consent, SafetyAlert
from sessions.booking.models import Session
from sessions.dosing import services
from sessions.dosing.models import Administration, GateOverride
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import AT_HOME, HOME, MONDAY, Cast, at_home, attest, cssrs
from tests.sessions.giving import attempt

ALWAYS = (
    "program_active",
    "adult",
    "clearance",
    "safety_alert",
    "suicide_risk",
    "adverse_event_review",
    "consent",
    "preparation",
    "integration_done",
    "minimum_gap",
    "order",
    "identifiers",
    "not_intoxicated",
    "contraindications",
    "fasting",
    "equipment",
    "staff",
    "vitals",
    "escort",
)


def readiness(cast: Cast, session: Session, who: str = "np") -> dict[str, Any]:
    answer = cast.desk(who).get(f"sessions/{session.pk}/readiness/")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def open_gates(shown: dict[str, Any]) -> list[str]:
    return [gate["code"] for gate in shown["gates"] if gate["state"] == "open"]


def reading(cast: Cast, session: Session, *, at: datetime | None = None, **signs: Any) -> None:
    values = people.calm() | {"measured_at": at or clock.now()} | signs
    session.refresh_from_db()
    monitoring.record_reading(session=session, values=values, dosed_at=None, by=cast.np, at=clock.now())


# --- each gate alone ----------------------------------------------------------------------------------------------


def on_hold(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    programs.move_program(
        program_id=session.program_id, move="hold", reason="Travels", by=cast.np, at=clock.now()
    )
    return session


def a_minor(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    born = {"date_of_birth": datetime(2008, 5, 5, tzinfo=UTC).date()}  # 18 tomorrow
    practice.save_client(client=session.client, values=born, by=cast.frontdesk, at=clock.now())
    return session


def clearance_voided(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    clearance = Clearance.objects.get()
    screening.void_clearance(clearance_id=clearance.pk, reason="New ECG", by=cast.prescriber, at=clock.now())
    return session


def clearance_expired(cast: Cast) -> Session:
    with clock.fixed(MONDAY - timedelta(days=40)):
        limits = {"clearance_days": 30, "consent_days": 365}
        protocol = people.approved_protocol(cast, name="Monthly", min_preparations=0, limits=limits)
        program = people.cleared_program(cast, protocol=protocol)
    return people.ready_dose(cast, program)


def alert_open(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    cause = SafetyAlert.Cause.PHQ9_WORSENING
    screening.raise_safety_alert(program=session.program, cause=cause, by=cast.np, at=clock.now())
    return session


def risk_only_seen(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    cause = SafetyAlert.Cause.SCREENING_SI
    alert = screening.raise_safety_alert(program=session.program, cause=cause, by=cast.np, at=clock.now())
    screening.acknowledge_alert(alert_id=alert.pk, action="ok.", by=cast.np, at=clock.now())
    return session


def consent_revoked(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    consent = Consent.objects.get()
    screening.revoke_consent(consent_id=consent.pk, reason="Thinks it over", by=cast.np, at=clock.now())
    return session


def unprepared(cast: Cast) -> Session:
    protocol = people.approved_protocol(cast, name="Two preparations", min_preparations=2)
    return people.ready_dose(cast, people.cleared_program(cast, protocol=protocol))


def _dosed_before(cast: Cast, hours: float) -> Obligation:
    with clock.fixed(MONDAY - timedelta(hours=hours)):
        return people.owed(cast)


def integration_owed(cast: Cast) -> Session:
    row = _dosed_before(cast, 96)
    return people.ready_dose(cast, row.program)


def too_soon(cast: Cast) -> Session:
    row = _dosed_before(cast, 71.99)
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    return people.ready_dose(cast, row.program)


def no_order(cast: Cast) -> Session:
    return people.ready_dose(cast, without=("order",))


def never_weighed(cast: Cast) -> Session:
    protocol = people.approved_protocol(cast, name="Injected", min_preparations=0, route="intramuscular")
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=protocol), without=("order",))
    people.written_order(cast, session, dose_mg=Decimal(40), max_total_mg=Decimal(40))
    return session


def weighed_long_ago(cast: Cast) -> Session:
    session = never_weighed(cast)
    session.weight_kg, session.weighed_at = Decimal(80), clock.now() - timedelta(days=30, minutes=1)
    session.save_by(cast.np, at=clock.now())
    return session


def no_vitals(cast: Cast) -> Session:
    return people.ready_dose(cast, without=("vitals",))


def old_vitals(cast: Cast) -> Session:
    with clock.fixed(MONDAY - timedelta(minutes=60, seconds=1)):
        return people.ready_dose(cast)


def _with(cast: Cast, **signs: Any) -> Session:
    session = people.ready_dose(cast, without=("vitals",))
    reading(cast, session, **signs)
    return session


def review_vitals(cast: Cast) -> Session:
    return _with(cast, systolic=150, diastolic=85)


def hold_vitals(cast: Cast) -> Session:
    return _with(cast, systolic=138, diastolic=101)


def emergency_vitals(cast: Cast) -> Session:
    return _with(cast, systolic=201, diastolic=95)


def voided_vitals(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    monitoring.void_reading(reading=session.readings.get(), reason="Wrong cuff", by=cast.np, at=clock.now())
    return session


def no_escort(cast: Cast) -> Session:
    return people.ready_dose(cast, without=("escort",))


def home_without_address(cast: Cast) -> Session:
    return at_home(cast, place={"emergency_department": "Example Hospital", "ems_phone": "911"})


def home_far_from_help(cast: Cast) -> Session:
    return at_home(cast, place={"state": "CO", "address": "1 Example Street", "ems_phone": "911"})


def home_after_severe_event(cast: Cast) -> Session:
    session = at_home(cast)
    values = {
        "term": "hypertension",
        "grade": 3,
        "serious": False,
        "onset_at": clock.now(),
        "causality": "likely",
        "action": "none",
        "outcome": "resolved",
    }
    services.record_adverse_event(session=session, values=values, by=cast.np, at=clock.now())
    return session


BLOCKED: list[tuple[str, Callable[[Cast], Session]]] = [
    ("program_active", on_hold),
    ("adult", a_minor),
    ("clearance", clearance_voided),
    ("clearance", clearance_expired),
    ("safety_alert", alert_open),
    ("suicide_risk", risk_only_seen),
    ("consent", consent_revoked),
    ("preparation", unprepared),
    ("integration_done", integration_owed),
    ("minimum_gap", too_soon),
    ("order", no_order),
    ("weight", never_weighed),
    ("weight", weighed_long_ago),
    ("vitals", no_vitals),
    ("vitals", old_vitals),
    ("vitals", review_vitals),
    ("vitals", hold_vitals),
    ("vitals", emergency_vitals),
    ("vitals", voided_vitals),
    ("escort", no_escort),
    ("home_address", home_without_address),
    ("home_emergency", home_far_from_help),
    ("home_dosing", home_after_severe_event),
]


@pytest.mark.parametrize(("gate", "scene"), BLOCKED, ids=[scene.__name__ for _, scene in BLOCKED])
def test_each_gate_alone_blocks_the_dose(cast: Cast, gate: str, scene: Callable[[Cast], Session]) -> None:
    session = scene(cast)
    doses = Administration.objects.count()
    owed = Obligation.objects.count()
    shown = readiness(cast, session)
    assert shown["ready"] is False
    assert open_gates(shown) == [gate]
    answer = attempt(cast, session, dose_mg="40")
    if gate == "order":
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/order"
    else:
        assert answer.status_code == 409, answer.content
        problem = answer.json()
        assert problem["code"] == ("minimum_gap" if gate == "minimum_gap" else "not_ready")
        assert [row["code"] for row in problem["gates"] if row["state"] == "open"] == [gate]
    assert (Administration.objects.count(), Obligation.objects.count()) == (doses, owed)
    session.refresh_from_db()
    assert (session.status, session.outcome) == ("checked_in", "")


def test_with_every_gate_passed_the_session_is_ready(cast: Cast) -> None:
    session = people.ready_dose(cast)
    shown = readiness(cast, session)
    assert shown["ready"] is True
    assert [gate["code"] for gate in shown["gates"]] == list(ALWAYS)
    assert attempt(cast, session).status_code == 201
    assert [row["state"] for row in Administration.objects.get().gates] == ["pass"] * len(ALWAYS)


def test_every_open_gate_is_named_at_once(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("order", "vitals", "escort"))
    assert open_gates(readiness(cast, session)) == ["order", "vitals", "escort"]


def test_on_the_eighteenth_birthday_the_client_is_an_adult(cast: Cast) -> None:
    session = a_minor(cast)
    born = {"date_of_birth": datetime(2008, 5, 4, tzinfo=UTC).date()}
    practice.save_client(client=session.client, values=born, by=cast.frontdesk, at=clock.now())
    assert open_gates(readiness(cast, session)) == []


def test_an_age_is_counted_in_the_clinics_own_time_zone(cast: Cast) -> None:
    """Monday 19:00 in Denver is Tuesday in London: the client who is 18 on Tuesday is not yet."""
    with clock.fixed(MONDAY + timedelta(hours=10)):
        session = a_minor(cast)
        assert open_gates(readiness(cast, session)) == ["adult"]


def test_a_clearance_lasts_through_its_last_day_in_the_clinics_own_time_zone(cast: Cast) -> None:
    with clock.fixed(MONDAY - timedelta(days=30)):
        protocol = people.approved_protocol(
            cast, name="Monthly", min_preparations=0, limits={"clearance_days": 30}
        )
        program = people.cleared_program(cast, protocol=protocol)
    with clock.fixed(
        MONDAY + timedelta(hours=9)
    ):  # 18:00 in Denver, past midnight in UTC: still the last day
        assert readiness(cast, people.ready_dose(cast, program))["ready"] is True


@pytest.mark.parametrize(("age", "ready"), [(60 * 60, True), (60 * 60 + 1, False)])
def test_vital_signs_count_for_an_hour(cast: Cast, age: int, ready: bool) -> None:
    with clock.fixed(MONDAY - timedelta(seconds=age)):
        session = people.ready_dose(cast)
    assert readiness(cast, session)["ready"] is ready


def test_the_last_vital_signs_count_not_the_best(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        reading(cast, session, systolic=155)
        assert open_gates(readiness(cast, session)) == ["vitals"]
    with clock.fixed(MONDAY + timedelta(minutes=15)):
        reading(cast, session)
        assert readiness(cast, session)["ready"] is True


@pytest.mark.parametrize(("hours", "ready"), [(71.999, False), (72, True)])
def test_the_gap_between_doses_is_72_hours(cast: Cast, hours: float, ready: bool) -> None:
    row = _dosed_before(cast, hours)
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    assert readiness(cast, people.ready_dose(cast, row.program))["ready"] is ready


def test_the_gap_counts_doses_of_the_clients_other_programs(cast: Cast) -> None:
    row = _dosed_before(cast, 50)
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    other = people.cleared_program(cast, who=row.client, continues=row.program_id)
    assert open_gates(readiness(cast, people.ready_dose(cast, other))) == ["minimum_gap"]


def test_at_home_the_protocol_must_allow_it(cast: Cast) -> None:
    """A protocol is frozen, so a session that was booked at home under another rule shows it here."""
    session = people.ready_dose(cast)
    session.modality = "video"
    session.client_location = HOME
    session.save_by(cast.np, at=clock.now())
    cssrs(cast, session.program)
    attest(cast, session, *AT_HOME)
    assert open_gates(readiness(cast, session)) == ["home_dosing"]


def test_at_home_there_is_no_escort_to_override(cast: Cast) -> None:
    session = at_home(cast, without=("escort",))
    shown = readiness(cast, session)
    assert open_gates(shown) == ["escort"]
    assert next(gate for gate in shown["gates"] if gate["code"] == "escort")["overridable_by"] == []


def test_a_session_that_is_no_dose_has_no_gates(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "preparation", MONDAY + timedelta(days=1))
    assert readiness(cast, session) == {"ready": True, "gates": [], "advice": []}


# --- what the front desk sees -------------------------------------------------------------------------------------------


CLINICAL = [
    (gate, scene)
    for gate, scene in BLOCKED
    if gate
    not in {
        "program_active",
        "consent",
        "preparation",
        "integration_done",
        "escort",
        "home_address",
        "home_emergency",
    }
]


@pytest.mark.parametrize(("gate", "scene"), CLINICAL, ids=[scene.__name__ for _, scene in CLINICAL])
def test_the_front_desk_sees_one_clinical_hold_and_no_more(
    cast: Cast, gate: str, scene: Callable[[Cast], Session]
) -> None:
    shown = readiness(cast, scene(cast), "frontdesk")
    assert shown["ready"] is False
    assert open_gates(shown) == ["clinical_hold"]
    assert gate not in {row["code"] for row in shown["gates"]}
    assert {row["detail"] for row in shown["gates"]} == {""}


@pytest.mark.parametrize(
    ("gate", "scene"),
    [
        ("consent", consent_revoked),
        ("escort", no_escort),
        ("program_active", on_hold),
        ("preparation", unprepared),
    ],
)
def test_the_front_desk_sees_what_it_can_help_with(
    cast: Cast, gate: str, scene: Callable[[Cast], Session]
) -> None:
    shown = readiness(cast, scene(cast), "frontdesk")
    assert open_gates(shown) == [gate]
    assert {row["detail"] for row in shown["gates"]} == {""}
    row = next(row for row in shown["gates"] if row["code"] == "clinical_hold")
    assert row["state"] == "pass"


def test_nobody_else_reads_the_gates(cast: Cast) -> None:
    session = people.ready_dose(cast)
    path = f"sessions/{session.pk}/readiness/"
    assert {who: cast.desk(who).get(path).status_code for who in ("billing", "admin", "south_np")} == {
        "billing": 403,
        "admin": 403,
        "south_np": 404,
    }


# --- override -------------------------------------------------------------------------------------------------------------


def override(cast: Cast, session: Session, code: str, who: str = "prescriber", **more: Any) -> Any:
    body = {"gate": code, "reason": "Weighed risk and benefit"} | more
    return cast.desk(who).post(f"sessions/{session.pk}/override/", body)


OVERRIDABLE = [
    ("preparation", unprepared),
    ("minimum_gap", too_soon),
    ("vitals", review_vitals),
    ("escort", no_escort),
    ("home_emergency", home_far_from_help),
]


@pytest.mark.parametrize(("gate", "scene"), OVERRIDABLE, ids=[gate for gate, _ in OVERRIDABLE])
def test_a_prescriber_may_override_and_it_is_written_down(
    cast: Cast, gate: str, scene: Callable[[Cast], Session]
) -> None:
    session = scene(cast)
    answer = override(cast, session, gate)
    assert answer.status_code == 201, answer.content
    row = GateOverride.objects.get()
    assert (row.gate, row.reason, row.role) == (gate, "Weighed risk and benefit", "prescriber")
    assert row.created_by == cast.prescriber.pk
    assert AuditEvent.objects.filter(action="readiness.override", outcome="ok").count() == 1
    shown = readiness(cast, session)
    assert shown["ready"] is True
    assert [g["code"] for g in shown["gates"] if g["state"] == "overridden"] == [gate]
    assert attempt(cast, session).status_code == 201
    kept = {row["code"]: row["state"] for row in Administration.objects.latest("created_at").gates}
    assert kept[gate] == "overridden"


@pytest.mark.parametrize(("gate", "scene"), OVERRIDABLE, ids=[gate for gate, _ in OVERRIDABLE])
def test_nobody_else_may_override(cast: Cast, gate: str, scene: Callable[[Cast], Session]) -> None:
    session = scene(cast)
    for who in ("frontdesk", "np", "therapist", "director", "billing", "admin"):
        answer = override(cast, session, gate, who)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), who
    assert not GateOverride.objects.exists()
    assert readiness(cast, session)["ready"] is False


FIRM = [row for row in BLOCKED if row[1] not in {scene for _, scene in OVERRIDABLE}]


@pytest.mark.parametrize(("gate", "scene"), FIRM, ids=[scene.__name__ for _, scene in FIRM])
def test_the_other_gates_can_not_be_overridden_by_anybody(
    cast: Cast, gate: str, scene: Callable[[Cast], Session]
) -> None:
    session = scene(cast)
    answer = override(cast, session, gate)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_overridable")
    assert not GateOverride.objects.exists()


def test_a_gate_that_passes_is_not_overridden_in_advance(cast: Cast) -> None:
    answer = override(cast, people.ready_dose(cast), "escort")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_overridable")


def test_an_override_of_review_does_not_cover_hold(cast: Cast) -> None:
    session = review_vitals(cast)
    assert override(cast, session, "vitals").status_code == 201
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        reading(cast, session, systolic=165)
        assert open_gates(readiness(cast, session)) == ["vitals"]
        assert attempt(cast, session).status_code == 409


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": "ok"}, "/reason"),
        ({"gate": "weather"}, "/gate"),
        ({"why": "x"}, "/why"),
    ],
)
def test_an_override_names_its_gate_and_its_reason(cast: Cast, change: dict[str, str], pointer: str) -> None:
    answer = override(cast, no_escort(cast), "escort", **change)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not GateOverride.objects.exists()


def test_an_override_counts_for_its_own_session_only(cast: Cast) -> None:
    first = no_escort(cast)
    assert override(cast, first, "escort").status_code == 201
    who = people.client(cast.north, by=cast.frontdesk, first="Kim")
    second = people.ready_dose(
        cast,
        people.cleared_program(cast, who=who),
        without=("escort",),
        room=cast.birch.pk,
        staff=[
            {"user": cast.other_therapist.pk, "role": "therapist"},
            {"user": cast.np.pk, "role": "nurse_practitioner"},
        ],
    )
    assert open_gates(readiness(cast, second)) == ["escort"]
