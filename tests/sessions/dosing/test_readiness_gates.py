"""What is asked before every dose: each question alone blocks it, a clinician's word of the day clears it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from screening import services as screening
from screening.models import SafetyAlert
from sessions.booking.models import Session
from sessions.dosing.gates import gather as reading_gates
from sessions.dosing.models import Administration, GateOverride
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import AT_HOME, MONDAY, Cast, at_home, attest, cssrs
from tests.sessions.giving import attempt


def shown(cast: Cast, session: Session, who: str = "np") -> dict[str, Any]:
    answer = cast.desk(who).get(f"sessions/{session.pk}/readiness/")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def still_open(cast: Cast, session: Session) -> list[str]:
    found = shown(cast, session)
    open_gates = [gate["code"] for gate in found["gates"] if gate["state"] == "open"]
    assert found["ready"] is (open_gates == [])
    return open_gates


def gate_of(cast: Cast, session: Session, code: str) -> dict[str, Any]:
    found = shown(cast, session)
    return next(row for row in found["gates"] + found["advice"] if row["code"] == code)


def note(cast: Cast, session: Session, who: str = "np", **values: Any) -> Any:
    return cast.desk(who).patch(f"sessions/{session.pk}/", values)


# --- each question alone ----------------------------------------------------------------------------------------------

Scene = Callable[[Cast], Session]


def _without(code: str) -> Scene:
    return lambda cast: people.ready_dose(cast, without=(code,))


def _under(cast: Cast, **protocol: Any) -> Session:
    edition = people.approved_protocol(cast, name="Own", min_preparations=0, **protocol)
    return people.ready_dose(cast, people.cleared_program(cast, protocol=edition))


def not_asked_since_the_last_dose(cast: Cast) -> Session:
    with clock.fixed(MONDAY - timedelta(days=7)):
        row = people.owed(cast)
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    return people.ready_dose(cast, row.program, without=("contraindications",))


def fasting_too_short(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    note(cast, session, fasting_since=(MONDAY - timedelta(hours=3, minutes=59)).isoformat())
    return session


def ideation_and_no_screener(cast: Cast) -> Session:
    session = people.ready_dose(cast)
    values = {
        "program": session.program_id,
        "instrument": "phq9",
        "answers": [0] * 8 + [1],
        "language": "en",
        "administered_by": "therapist",
        "taken_at": clock.now(),
    }
    screening.record_measure(values=values, by=cast.np, at=clock.now())
    _acknowledge(cast)
    return session


def _acknowledge(cast: Cast) -> None:
    for alert in SafetyAlert.objects.filter(status="open"):
        screening.acknowledge_alert(alert_id=alert.pk, action="Spoke", by=cast.therapist, at=clock.now())


def pdmp_where_the_state_asks(cast: Cast) -> Session:
    session = _under(cast, gates={"pdmp": "required"})
    attest(cast, session, "pdmp", value=False)
    return session


def nobody_of_the_protocols_prescribers(cast: Cast) -> Session:
    resources = [{"role": "prescriber", "from_min": 0, "to_min": 30, "mode": "exclusive"}]
    return _under(cast, resources=resources)


def _clears(*codes: str) -> Callable[[Cast, Session], Any]:
    return lambda cast, session: note(cast, session, attestations=dict.fromkeys(codes, True))


def _eaten_long_ago(cast: Cast, session: Session) -> Any:
    return note(cast, session, fasting_since=(MONDAY - timedelta(hours=4)).isoformat())


QUESTIONS: list[tuple[str, Scene, Callable[[Cast, Session], Any]]] = [
    ("identifiers", _without("identifiers"), _clears("identifiers")),
    ("not_intoxicated", _without("not_intoxicated"), _clears("not_intoxicated")),
    ("equipment", _without("equipment"), _clears("equipment")),
    ("contraindications", not_asked_since_the_last_dose, _clears("contraindications")),
    ("fasting", _without("fasting"), _eaten_long_ago),
    ("fasting", fasting_too_short, _eaten_long_ago),
    ("suicide_screen", ideation_and_no_screener, lambda cast, session: cssrs(cast, session.program)),
    ("pdmp", pdmp_where_the_state_asks, _clears("pdmp")),
    ("staff", nobody_of_the_protocols_prescribers, _clears("prescriber_on_site")),
]


@pytest.mark.parametrize(("gate", "scene", "clear"), QUESTIONS)
def test_each_question_alone_blocks_the_dose_and_its_answer_clears_it(
    cast: Cast, gate: str, scene: Scene, clear: Callable[[Cast, Session], Any]
) -> None:
    session = scene(cast)
    before = Administration.objects.count()
    assert still_open(cast, session) == [gate]
    answer = attempt(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
    assert [row["code"] for row in answer.json()["gates"]] == [gate]
    assert Administration.objects.count() == before
    clear(cast, session)
    assert still_open(cast, session) == []
    assert attempt(cast, session).status_code == 201


@pytest.mark.parametrize(("gate", "scene"), [(gate, scene) for gate, scene, _ in QUESTIONS])
def test_a_prescriber_may_pass_each_question_with_a_reason(cast: Cast, gate: str, scene: Scene) -> None:
    session = scene(cast)
    path, body = f"sessions/{session.pk}/override/", {"gate": gate, "reason": "Known to me since years"}
    assert cast.desk("np").post(path, body).status_code == 403
    assert cast.desk("prescriber").post(path, body).status_code == 201
    row = gate_of(cast, session, gate)
    assert (row["state"], row["cleared_by"]) == ("overridden", None)
    assert (row["override"]["reason"], row["override"]["role"]) == ("Known to me since years", "prescriber")
    assert row["override"]["by"] == str(cast.prescriber.pk)
    assert still_open(cast, session) == []


@pytest.mark.parametrize("gate", ["not_intoxicated", "contraindications"])
def test_a_no_is_nobodys_to_override_and_no_protocol_silences_it(cast: Cast, gate: str) -> None:
    session = _under(cast, gates={gate: "off"})
    assert still_open(cast, session) == []
    attest(cast, session, gate, value=False)
    suspended = ["clearance"] if gate == "contraindications" else []
    assert still_open(cast, session) == [*suspended, gate]
    body = {"gate": gate, "reason": "On my responsibility"}
    answer = cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_overridable")
    assert not GateOverride.objects.exists()


def test_what_is_only_advised_stands_apart_and_is_not_overridden(cast: Cast) -> None:
    session = _under(cast, gates={"equipment": "off", "fasting": "advised"})
    note(cast, session, fasting_since=None)
    found = shown(cast, session)
    codes = {row["code"] for row in found["gates"]}
    assert found["ready"] is True
    assert not codes & {"equipment", "fasting"}
    assert {row["code"]: row["state"] for row in found["advice"]} == {
        "suicide_screen": "open",
        "pdmp": "pass",
        "fasting": "open",
    }
    body = {"gate": "fasting", "reason": "On my responsibility"}
    answer = cast.desk("prescriber").post(f"sessions/{session.pk}/override/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_overridable")
    assert attempt(cast, session).status_code == 201


# --- whose word -------------------------------------------------------------------------------------------------------


def test_what_cleared_a_gate_is_told_to_clinicians_only(cast: Cast) -> None:
    session = people.ready_dose(cast)
    proofs = {row["code"]: row["cleared_by"] for row in shown(cast, session)["gates"]}
    assert proofs["identifiers"] == {
        "text": "Attested (2026-05-04)",
        "kind": "attestation",
        "by": str(cast.np.pk),
        "at": "2026-05-04T15:00:00Z",
        "ref": None,
    }
    assert (proofs["vitals"]["text"], proofs["vitals"]["ref"]) == (
        "Reading 122/78 at 2026-05-04 09:00",
        str(session.readings.get().pk),
    )
    assert proofs["order"]["by"] == str(cast.prescriber.pk)
    assert all(proofs.values())
    attempt(cast, session)
    kept = {row["code"]: row["cleared_by"] for row in Administration.objects.get().gates}
    assert kept["identifiers"] == proofs["identifiers"]  # the dose keeps what it was given on
    desk = shown(cast, session, "frontdesk")
    rows = desk["gates"] + desk["advice"]
    assert {(row["detail"], row["cleared_by"], row["override"]) for row in rows} == {("", None, None)}
    assert not {row["code"] for row in rows} & {"identifiers", "equipment", "fasting", "pdmp", "order"}


def test_each_attestation_keeps_who_said_it_last(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + timedelta(hours=2))
    note(cast, session, attestations={"identifiers": True})
    with clock.fixed(MONDAY + timedelta(minutes=9)):
        told = note(
            cast,
            session,
            "therapist",
            attestations={"identifiers": True, "chaperone_trained": True, "equipment": False},
        ).json()
    assert told["attestations"] == {"identifiers": True, "chaperone_trained": True, "equipment": False}
    np, therapist = (
        {"by": str(cast.np.pk), "at": "2026-05-04T15:00:00Z"},
        {"by": str(cast.therapist.pk), "at": "2026-05-04T15:09:00Z"},
    )
    assert told["attested"] == {
        "identifiers": therapist,
        "chaperone_trained": therapist,
        "equipment": therapist,
    }
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        told = note(cast, session, attestations={"equipment": True}).json()
    assert told["attestations"] == {"identifiers": True, "chaperone_trained": True, "equipment": True}
    assert told["attested"] == {
        "identifiers": therapist,
        "chaperone_trained": therapist,
        "equipment": np | {"at": "2026-05-04T15:10:00Z"},
    }


def test_the_front_desk_attests_nothing(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("identifiers",))
    answer = note(cast, session, "frontdesk", attestations={"identifiers": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert still_open(cast, session) == ["identifiers"]


def test_yesterdays_word_is_no_word_of_today(cast: Cast) -> None:
    session = people.booked(cast, people.cleared_program(cast), "dosing", MONDAY + timedelta(days=1))
    attest(cast, session, *people.ASKED)
    with clock.fixed(MONDAY + timedelta(days=1)):
        open_gates = set(still_open(cast, session))
        assert {"identifiers", "not_intoxicated", "equipment"} <= open_gates
        assert "pdmp" not in open_gates
        attest(cast, session, *people.ASKED)  # the same, said again today
        assert not {"identifiers", "not_intoxicated", "equipment"} & set(still_open(cast, session))


@pytest.mark.parametrize(("days", "counts"), [(90, True), (90.01, False)])
def test_the_monitoring_program_is_checked_every_90_days(cast: Cast, days: float, counts: bool) -> None:
    edition = people.approved_protocol(cast, name="PDMP", min_preparations=0, gates={"pdmp": "required"})
    with clock.fixed(MONDAY - timedelta(days=days)):
        row = people.owed(cast, people.cleared_program(cast, protocol=edition))
    visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    session = people.ready_dose(cast, row.program, without=("pdmp",))
    assert still_open(cast, session) == ([] if counts else ["pdmp"])


@pytest.mark.parametrize(("today", "said_before"), [(False, True), (None, False)])
def test_the_newest_word_about_the_monitoring_program_wins(
    cast: Cast, today: bool | None, said_before: bool
) -> None:
    edition = people.approved_protocol(cast, name="PDMP", min_preparations=0, gates={"pdmp": "required"})
    program = people.cleared_program(cast, protocol=edition)
    for days, value in ((20, not said_before), (10, said_before)):
        with clock.fixed(MONDAY - timedelta(days=days)):
            old = people.booked(cast, program, "dosing", clock.now(), override_reason="x")
            attest(cast, old, "pdmp", value=value)
            visits.end(session_id=old.pk, move="no_show", reason="x", by=cast.np, at=clock.now())
    session = people.ready_dose(cast, program, without=("pdmp",))
    if today is not None:
        attest(cast, session, "pdmp", value=today)
    assert still_open(cast, session) == ["pdmp"]
    attest(cast, session, "pdmp")
    assert still_open(cast, session) == []


def test_a_new_screening_answers_for_contraindications(cast: Cast) -> None:
    session = not_asked_since_the_last_dose(cast)
    people.clear(cast, session.program)
    assert still_open(cast, session) == []
    assert gate_of(cast, session, "contraindications")["cleared_by"]["kind"] == "screening"


# --- a dose at home -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", AT_HOME)
def test_at_home_the_chaperone_is_trained_and_the_video_on(cast: Cast, code: str) -> None:
    session = at_home(cast)
    gate = {"chaperone_trained": "home_chaperone", "video_on": "home_video"}[code]
    attest(cast, session, code, value=False)
    assert still_open(cast, session) == [gate]
    answer = cast.desk("prescriber").post(
        f"sessions/{session.pk}/override/", {"gate": gate, "reason": "Known to me"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "not_overridable")
    attest(cast, session, code)
    assert attempt(cast, session).status_code == 201


def test_at_home_nobody_with_a_moderate_risk_is_dosed(cast: Cast) -> None:
    session = at_home(cast)
    cssrs(cast, session.program, 2, 3)
    _acknowledge(cast)
    assert still_open(cast, session) == ["suicide_risk", "home_risk"]
    assert gate_of(cast, session, "home_risk")["overridable_by"] == []


def test_at_home_the_screener_is_asked_of_everybody_each_day(cast: Cast) -> None:
    with clock.fixed(MONDAY - timedelta(days=1)):
        edition = people.approved_protocol(cast, name="At home", min_preparations=0, home_dosing=True)
        program = people.cleared_program(cast, protocol=edition)
        cssrs(cast, program)
    session = people.ready_dose(cast, program)
    assert still_open(cast, session) == []  # here in the clinic nothing tells of a risk
    session.modality = "video"
    session.save_by(cast.np, at=clock.now())
    assert "suicide_screen" in still_open(cast, session)


# --- the recheck ---------------------------------------------------------------------------------------------------------


def _read(cast: Cast, session: Session, minutes: float, **signs: int) -> None:
    at = MONDAY + timedelta(minutes=minutes)
    with clock.fixed(at):
        session.refresh_from_db()
        values = people.calm() | signs
        monitoring.record_reading(session=session, values=values, dosed_at=None, by=cast.np, at=at)


@pytest.mark.parametrize(("first", "may_override"), [(150, True), (165, False)])
def test_a_recheck_counts_after_five_minutes_of_rest(cast: Cast, first: int, may_override: bool) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    _read(cast, session, 0, systolic=first)
    _read(cast, session, 4 + 59 / 60)
    with clock.fixed(MONDAY + timedelta(minutes=6)):
        assert still_open(cast, session) == ["vitals"]
        row = gate_of(cast, session, "vitals")
        assert "counts from 09:05" in row["detail"]
        assert row["overridable_by"] == (["prescriber"] if may_override else [])
        assert attempt(cast, session).status_code == 409
    _read(cast, session, 6.5)
    with clock.fixed(MONDAY + timedelta(minutes=7)):
        assert still_open(cast, session) == ([] if may_override else ["vitals"])


def test_after_a_hold_a_prescriber_says_why_there_is_a_dose_today(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    _read(cast, session, 0, systolic=206, diastolic=125)
    _read(cast, session, 5)
    with clock.fixed(MONDAY + timedelta(minutes=6)):
        assert attempt(cast, session).status_code == 409
        assert "09:00 today" in gate_of(cast, session, "vitals")["detail"]
        body = {"gate": "vitals", "reason": "Wrong cuff; measured by hand on both arms"}
        cast.desk("prescriber").must(f"sessions/{session.pk}/override/", body)
        assert attempt(cast, session).status_code == 201


def test_a_decision_about_one_reading_is_none_about_a_later_one(cast: Cast) -> None:
    session = people.ready_dose(cast, without=("vitals",))
    _read(cast, session, 0, systolic=142)
    body = {"gate": "vitals", "reason": "Known white-coat effect"}
    cast.desk("prescriber").must(f"sessions/{session.pk}/override/", body)
    assert still_open(cast, session) == []
    _read(cast, session, 10, systolic=159)
    with clock.fixed(MONDAY + timedelta(minutes=11)):
        assert still_open(cast, session) == ["vitals"]
        cast.desk("prescriber").must(f"sessions/{session.pk}/override/", body)
        assert still_open(cast, session) == []


def test_an_override_does_not_cover_what_came_after_it(cast: Cast) -> None:
    """The equipment was not looked at, and then it failed; the client had eaten, and then ate again; a test was not
    taken, and then it was positive; nobody asked, and then the client spoke of wanting to die.
    """
    gates = {"pregnancy_test": "required", "suicide_screen": "required"}
    session = _under(cast, gates=gates)
    overridden = ("equipment", "fasting", "pregnancy_test", "suicide_screen")
    attest(cast, session, "equipment", value=False)
    note(cast, session, fasting_since=clock.now().isoformat())
    for code in overridden:
        body = {"gate": code, "reason": "Known to me"}
        cast.desk("prescriber").must(f"sessions/{session.pk}/override/", body)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        assert still_open(cast, session) == []
        attest(cast, session, "equipment", value=False, by="therapist")
        note(cast, session, fasting_since=clock.now().isoformat())
        test = {"client": str(session.client_id), "kind": "urine_hcg", "result": "positive"}
        cast.desk("np").must("lab-results/", test | {"taken_at": MONDAY.isoformat()})
        phq9 = {"program": str(session.program_id), "instrument": "phq9", "answers": [0] * 8 + [1]}
        told = {"taken_at": clock.now().isoformat(), "administered_by": "nurse practitioner"}
        cast.desk("np").must("measures/", phq9 | told)
        for alert in SafetyAlert.objects.filter(status="open"):
            cast.desk("therapist").must(
                f"safety-alerts/{alert.pk}/acknowledge/", {"action": "Spoke with them"}
            )
        left = still_open(cast, session)
        assert left == ["clearance", "suicide_screen", "fasting", "pregnancy_test", "equipment"]
        answer = attempt(cast, session)
        assert [row["code"] for row in answer.json()["gates"]] == left
        assert not Administration.objects.exists()
        for code in overridden:  # whoever knows of it may decide again
            body = {"gate": code, "reason": "Known to me, too"}
            cast.desk("prescriber").must(f"sessions/{session.pk}/override/", body)
        assert still_open(cast, session) == ["clearance"]


# --- cost ----------------------------------------------------------------------------------------------------------------


def test_readiness_asks_as_often_however_long_the_record(cast: Cast) -> None:
    session = people.ready_dose(cast)

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            reading_gates.readiness(session_id=session.pk, at=clock.now())
        return len(queries)

    before = asked()
    for _ in range(3):
        people.written_order(cast, session)
        cssrs(cast, session.program, 1)
        _read(cast, session, 0, systolic=150)
        row = GateOverride(session=session, gate="vitals", reason="Known to me", role="prescriber")
        row.insert_by(cast.prescriber, at=clock.now())
    assert asked() == before <= 20
