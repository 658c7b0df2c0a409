"""The judge has to be able to fail: what may not be is told to it by hand, and it says so. No clinic, no database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.simulation.judge import Clearance, Dose, Judge, Reading, Violation, today, when
from tests.simulation.trace import Call

Row = dict[str, Any]
_ids: Iterator[int] = count(1)


def made() -> str:
    return f"00000000-0000-7000-8000-{next(_ids):012d}"


HERE, ELSEWHERE, PROTOCOL, CLIENT, PROGRAM, SESSION, ORDER = (made() for _ in range(7))
NOON = datetime(2026, 3, 4, 19, tzinfo=UTC)  # 12:00 in Denver
CALM = {"systolic": 120, "diastolic": 80, "heart_rate": 70, "spo2": 98, "respiratory_rate": 14, "sedation": 5}
GO = {"hr": [50, 100], "rr": [10, 20], "spo2": 95, "sedation": 5}
POLICY: Row = {
    "program_type": "kap",
    "route": "sublingual",
    "min_stay_min": 120,
    "min_gap_hours": 72,
    "min_preparations": 0,
    "dose": {"unit": "mg", "cap": "400"},
    "gates": {"fasting": "required"},
    "fasting_hours": {"solid": 4},
    "home_dosing": False,
    "limits": {"infusion_min": 40, "leaving_vitals_min": 60, "vitals_max_age_min": 60, "alarm_minutes": 5},
    "bands": {"bp": {"go": [140, 90]}} | {name: {"go": go} for name, go in GO.items()},
}
GOING = {
    "checklist": dict.fromkeys(
        ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given"), True
    ),
    "escort_present": True,
    "discharged_at": (NOON + timedelta(minutes=125)).isoformat(),
}


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def text(at: datetime) -> str:
    return at.isoformat()


@pytest.fixture
def judge() -> Judge:
    """A client who was dosed at noon, after a calm reading, with an escort named."""
    judge = Judge()
    books = judge.books
    books.zones[HERE] = ZoneInfo("America/Denver")
    books.protocols[PROTOCOL] = POLICY
    books.clients[CLIENT] = {"id": CLIENT, "locations": [HERE]}
    whose = {"client": CLIENT, "location": HERE}
    books.programs[PROGRAM] = whose | {"id": PROGRAM, "protocol": PROTOCOL, "status": "active"}
    books.sessions[SESSION] = whose | {
        "id": SESSION,
        "program": PROGRAM,
        "kind": "dosing",
        "status": "in_progress",
        "modality": "in_person",
        "starts_at": text(later(-60)),
        "ends_at": text(later(120)),
        "by_staff": True,
    }
    books.orders[ORDER] = {
        "id": ORDER,
        "created_at": text(later(-30)),
        "session": SESSION,
        "drug": "ketamine",
        "valid_until": text(later(400)),
        "max_total_mg": "200",
    }
    books.escorts[SESSION] = NOON
    _reads(judge, -10)
    key = made()
    books.doses[key] = Dose(key, SESSION, PROGRAM, CLIENT, ORDER, Decimal(100), NOON, NOON, None, Decimal(0))
    return judge


def _reads(judge: Judge, minute: float, **signs: int) -> str:
    key = made()
    judge.books.readings[key] = Reading(key, SESSION, later(minute), later(minute), CALM | signs)
    return key


def tell(
    judge: Judge, method: str, path: str, answer: Any, *, by: str = "nurse_practitioner", **more: Any
) -> None:
    who = {"id": f"{by}'s id", "name": by, "roles": (by,), "locations": (HERE,)}
    given = {"at": later(130), "query": {}, "body": None, "status": 200} | more
    judge.heard(Call(who=who, method=method, path=path, answer=answer, **given))


def page(*rows: Row) -> Row:
    return {"results": list(rows), "next": None}


# --- the trail --------------------------------------------------------------------------------------------------------


def _log(judge: Judge, *events: Row) -> None:
    tell(judge, "GET", f"clients/{CLIENT}/access-log/", page(*events), by="medical_director", at=later(140))


def test_a_read_that_is_not_in_the_trail(judge: Judge) -> None:
    tell(judge, "GET", f"sessions/{SESSION}/readings/", page())
    event = {"at": text(later(130)), "by": "nurse_practitioner's id", "outcome": "ok"}
    _log(judge, event)
    with pytest.raises(Violation, match="R10 every read and write is in the trail"):
        _log(judge)


def test_what_nobody_did_is_in_the_trail(judge: Judge) -> None:
    with pytest.raises(Violation, match="R10 the trail names what somebody did"):
        _log(judge, {"at": text(NOON), "by": "nobody", "outcome": "ok"})


def test_who_was_refused_at_a_record_stands_in_its_trail(judge: Judge) -> None:
    answer = {"code": "not_found", "detail": "Not found"}
    tell(judge, "GET", f"clients/{CLIENT}/", answer, by="stranger", status=404)
    event = {"at": text(later(130)), "by": "stranger's id", "outcome": "refused"}
    _log(judge, event)
    for wrong in ([], [event | {"outcome": "ok"}], [event, event | {"by": "nobody"}]):
        with pytest.raises(Violation, match="R10"):
            _log(judge, *wrong)


# --- the dose ---------------------------------------------------------------------------------------------------------


def test_a_course_that_is_held_holds_the_doses_after_that(judge: Judge) -> None:
    (dose,), session = judge.books.doses.values(), judge.books.sessions[SESSION]
    for moved, is_held in ((later(1), False), (later(-1), True)):
        judge.books.programs[PROGRAM] |= {"status": "on_hold", "moved": moved}
        assert ("program_active" in dict(judge.open_gates(session, dose))) is is_held


# --- the watch --------------------------------------------------------------------------------------------------------


def test_one_alarm_for_two_checks_that_nobody_took(judge: Judge) -> None:
    """Whoever has left meanwhile was watched before: what the sweep had seen by then still has to have rung."""
    judge.books.protocols[PROTOCOL] = POLICY | {"checks_min": [0, 20, 40, 60, 90]}
    judge.books.protocols[PROTOCOL]["limits"] = POLICY["limits"] | {"missed_after_min": 10}
    for minute in (20, 60):
        _reads(judge, minute)
    judge.books.alarms["first"] = {"id": "first", "check": made(), "session": SESSION, "reading": None}
    judge.books.discharges[SESSION] = {"checks": later(100), "told": later(125)}
    judge._overdue(HERE)  # of 40 and 90, one was not yet missed at the last look
    judge.books.discharges[SESSION]["checks"] = later(102)
    with pytest.raises(Violation, match="R14 an overdue check rings"):
        judge._overdue(HERE)  # both were


def test_a_reason_that_nobody_answered_holds_the_next_clearance_too(judge: Judge) -> None:
    """A screening begins no client anew: the next one's clearance is reviewed for what was left unanswered."""
    for number, program in enumerate((PROGRAM, made())):
        judge.books.programs[program] = judge.books.programs[PROGRAM] | {"id": program}
        screening, clearance = made(), made()
        body = {"program": program, "answers": {}, "medications": []}
        tell(judge, "POST", "screenings/", {"id": screening}, body=body, at=later(150 + number), status=201)
        given = {"id": clearance, "valid_from": text(later(151 + number)), "expires_on": "2027-03-04"}
        body = {"decision": "cleared", "resolutions": []}
        tell(
            judge, "POST", f"screenings/{screening}/decide/", {"clearance": given}, body=body, by="prescriber"
        )
        if not number:
            body = {"attestations": {"contraindications": False}}
            tell(judge, "PATCH", f"sessions/{SESSION}/", {"id": SESSION}, body=body)
    waiting = {key: waits for kind, _, key, waits in judge._waiting(later(160), HERE) if "review" in kind}
    assert waiting == dict.fromkeys(judge.books.clearances, True)
    tell(judge, "POST", f"clearances/{next(iter(judge.books.clearances))}/uphold/", {}, by="prescriber")
    assert [len(row.reasons) for row in judge.books.clearances.values()] == [0, 1]


@pytest.mark.parametrize(("begun", "reasons"), [(149, 1), (151, 0)])
def test_a_voiding_answers_for_the_screening_that_began_after_it(
    judge: Judge, begun: int, reasons: int
) -> None:
    judge.books.facts["contraindications attested false"] = (CLIENT, later(150))
    screening, body = made(), {"program": PROGRAM, "answers": {}, "medications": []}
    tell(judge, "POST", "screenings/", {"id": screening}, body=body, at=later(begun), status=201)
    given = {"id": made(), "valid_from": text(later(160)), "expires_on": "2027-03-04"}
    body = {"decision": "cleared", "resolutions": []}
    tell(judge, "POST", f"screenings/{screening}/decide/", {"clearance": given}, body=body, by="prescriber")
    assert [len(row.reasons) for row in judge.books.clearances.values()] == [reasons]


def test_what_was_written_to_the_other_registration_is_weighed_as_well(judge: Judge) -> None:
    double = made()
    tell(judge, "POST", f"clients/{double}/merge/", {"id": double}, body={"into": CLIENT})
    row = {"text": "Lorazepam 1 mg", "client": double, "ended_at": None}
    tell(judge, "POST", "medications/", row)
    body = {"program": PROGRAM, "answers": {}, "medications": []}
    tell(judge, "POST", "screenings/", {"id": (screening := made())}, body=body, status=201)
    tell(judge, "POST", f"screenings/{screening}/submit/", {})
    assert judge.books.screenings[screening]["weighed"] == ("lorazepam 1 mg",)


def test_what_was_stopped_before_a_screening_is_weighed_by_none(judge: Judge) -> None:
    row = {"text": "Lorazepam 1 mg", "client": CLIENT, "ended_at": None}
    tell(judge, "POST", "medications/", row)
    tell(judge, "PATCH", f"medications/{made()}/", row | {"ended_at": text(NOON)})
    judge.books.screenings[PROGRAM] = {"id": PROGRAM, "client": CLIENT, "program": PROGRAM, "answers": {}}
    tell(judge, "POST", f"screenings/{PROGRAM}/submit/", {})
    assert judge.books.screenings[PROGRAM]["weighed"] == ()


# --- who sees what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "path", "row"),
    [
        ("front_desk", "sessions/", {"weight_kg": "70"}),
        ("front_desk", f"sessions/{SESSION}/check-in/", {"attestations": {"identifiers": True}}),
        ("front_desk", "day-board/", {"fasting_since": text(NOON)}),
        ("front_desk", "monitoring-board/", {"alarms": [{}]}),
        ("front_desk", "programs/", {"diagnosis": "F33.2"}),
        ("front_desk", "measures/", {}),
        ("front_desk", f"sessions/{SESSION}/readiness/", {"detail": "Her pressure is high."}),
        ("billing", "sessions/", {"escort": {"name": "Alex"}}),
        ("billing", "programs/", {"goals": "Sleep"}),
        ("billing", "notes/", {}),
        ("therapist", "drug-lots/", {}),
        ("nurse_practitioner", "charges/", {}),
        ("admin", "obligations/", {"client_name": "Client One"}),
    ],
)
def test_a_field_or_a_room_that_is_not_theirs(judge: Judge, role: str, path: str, row: Row) -> None:
    method = "POST" if path.endswith("check-in/") else "GET"
    answer = (
        {"sessions": [row]} if "board" in path else {"gates": [row]} if "readiness" in path else page(row)
    )
    with pytest.raises(Violation, match="R13"):
        tell(judge, method, path, answer, by=role)


def test_what_is_of_another_location(judge: Judge) -> None:
    judge.books.clients[CLIENT] |= {"locations": [ELSEWHERE]}
    for row in ({"location": ELSEWHERE}, {"client": CLIENT}):
        with pytest.raises(Violation, match="of another location is seen"):
            tell(judge, "GET", "tasks/", page(row))
    judge.books.sessions[SESSION] |= {"location": ELSEWHERE}
    with pytest.raises(Violation, match="nothing of another location is seen"):
        tell(judge, "GET", f"sessions/{SESSION}/readings/", page())


def test_a_psychotherapy_note_of_somebody_else(judge: Judge) -> None:
    note = {"id": made(), "text": "For my eyes alone."}
    tell(judge, "POST", "psychotherapy-notes/", note, by="therapist")
    tell(judge, "GET", "psychotherapy-notes/", page(note), by="therapist")
    with pytest.raises(Violation, match="R9"):
        tell(judge, "GET", f"psychotherapy-notes/{note['id']}/", note, by="medical_director")


# --- the gates --------------------------------------------------------------------------------------------------------


def _override(judge: Judge, gate: str, *, by: str = "prescriber") -> None:
    body = {"gate": gate, "reason": "Decided at the bedside."}
    tell(judge, "POST", f"sessions/{SESSION}/override/", {"id": made()}, by=by, body=body)


def test_an_override_of_what_nobody_overrides_or_by_nobody_who_may(judge: Judge) -> None:
    _override(judge, "fasting")
    with pytest.raises(Violation, match="R3 nobody overrides this"):
        _override(judge, "suicide_risk")
    with pytest.raises(Violation, match="R3 a prescriber overrides"):
        _override(judge, "fasting", by="nurse_practitioner")


def test_an_override_counts_for_its_own_day(judge: Judge) -> None:
    _override(judge, "fasting")
    session = judge.books.sessions[SESSION]
    assert judge.overridden(session, "fasting")
    moved = session | {"starts_at": text(NOON + timedelta(days=1))}
    assert not judge.overridden(moved, "fasting")


def test_an_all_clear_while_a_gate_is_open(judge: Judge) -> None:
    judge.books.doses.clear()
    gates = {"ready": True, "gates": [{"code": "fasting", "state": "open"}]}
    path = f"sessions/{SESSION}/readiness/"
    with pytest.raises(Violation, match="ready is when no gate is open"):
        tell(judge, "GET", path, gates)
    gates["gates"] = []
    with pytest.raises(Violation, match="no all-clear while clearance waits"):
        tell(judge, "GET", path, gates)


@pytest.mark.parametrize(("entered", "waits"), [(5, True), (60, True), (61, False)])
def test_a_clearance_of_later_counts_for_a_dose_that_is_entered_late(
    judge: Judge, entered: int, waits: bool
) -> None:
    judge.books.clearances[made()] = Clearance(PROGRAM, CLIENT, text(later(1)), "2027-03-04", frozenset())
    dose = Dose("", SESSION, PROGRAM, CLIENT, ORDER, Decimal(0), NOON, later(entered), None, Decimal(0))
    open_now = {gate for gate, _ in judge.open_gates(judge.books.sessions[SESSION], dose)}
    assert ("clearance" in open_now) is waits


def test_how_old_a_reading_was_is_asked_of_the_dose_and_not_of_who_looks_afterwards(judge: Judge) -> None:
    judge.books.doses.clear()
    session, path = judge.books.sessions[SESSION], f"sessions/{SESSION}/readiness/"
    end = when(session["ends_at"])
    dose = Dose("", SESSION, PROGRAM, CLIENT, ORDER, Decimal(0), end, end, None, Decimal(0))
    waiting = dict(judge.open_gates(session, dose))
    assert waiting["vitals"].startswith("measured 2:10")
    local = today(end, judge.zone_of(session))
    judge.books.overrides[SESSION] |= dict.fromkeys(waiting.keys() - {"vitals"}, local)
    tell(judge, "GET", path, {"ready": True, "gates": []}, at=later(24 * 60))
    with pytest.raises(Violation, match="no all-clear while vitals waits"):
        tell(judge, "GET", path, {"ready": True, "gates": []}, at=later(119))


def test_nobody_decides_on_a_hold(judge: Judge) -> None:
    _reads(judge, 5, systolic=170)
    judge.books.doses.clear()
    dose = Dose("", SESSION, PROGRAM, CLIENT, ORDER, Decimal(0), later(6), later(6), None, Decimal(0))
    assert {"hold", "vitals"} <= {gate for gate, _ in judge.open_gates(judge.books.sessions[SESSION], dose)}


# --- going home -------------------------------------------------------------------------------------------------------


def _home(judge: Judge, *, by: str = "nurse_practitioner", at: float = 125, **more: Any) -> None:
    body = GOING | {"discharged_at": text(later(at))} | more
    answer = {"id": made(), "created_at": text(later(130))}
    tell(judge, "POST", f"sessions/{SESSION}/discharge/", answer, by=by, body=body)


def test_who_meets_the_criteria_goes_home(judge: Judge) -> None:
    _reads(judge, 121, systolic=138)
    _home(judge)


@pytest.mark.parametrize(
    ("signs", "more", "why"),
    [
        ({}, {"at": 110}, "before the minimum stay"),
        (None, {}, "unmeasured"),
        ({"systolic": 165}, {}, "out of band"),
        ({"spo2": 90}, {}, "out of band"),
        ({"sedation": 4}, {}, "sedated"),
        ({}, {"escort_present": False}, "without an escort"),
        ({}, {"checklist": {"oriented": True}}, "unasked"),
    ],
)
def test_who_goes_home_too_early(judge: Judge, signs: Row | None, more: Row, why: str) -> None:
    if signs is not None:
        _reads(judge, 105, **signs)
    with pytest.raises(Violation, match=f"3.6 nobody goes {why}"):
        _home(judge, **more)
    judge.books.discharges.clear()
    with pytest.raises(Violation, match=f"3.6 nobody goes {why}"):
        _home(judge, override_reason="Said to be well.", **more)
    judge.books.discharges.clear()
    _home(judge, by="prescriber", override_reason="I answer for it.", **more)


def test_a_red_value_that_nobody_answered_and_a_danger_that_nobody_released(judge: Judge) -> None:
    red = _reads(judge, 30, systolic=210)
    _reads(judge, 121)
    with pytest.raises(Violation, match="while a red value waits"):
        _home(judge)
    judge.books.discharges.clear()
    alarm = {"id": made(), "session": SESSION, "reading": red, "check": None, "state": "acknowledged"}
    judge.books.alarms[alarm["id"]] = alarm
    judge.books.asks["measure"] = CLIENT
    with pytest.raises(Violation, match="with a concern for their safety"):
        _home(judge)


def test_the_two_hours_of_esketamine_are_nobodys_to_shorten(judge: Judge) -> None:
    judge.books.orders[ORDER] |= {"drug": "esketamine"}
    _reads(judge, 90)
    with pytest.raises(Violation, match="in the hours of esketamine"):
        _home(judge, by="prescriber", at=100, override_reason="I answer for it.")


# --- the worklist -----------------------------------------------------------------------------------------------------


def _row(kind: str, subject: str, **more: Any) -> Row:
    row = {
        "id": made(),
        "kind": kind,
        "subject_id": subject,
        "client": CLIENT,
        "state": "open",
        "escalation": 0,
    }
    return row | {"roles": ["nurse_practitioner"], "assignee": None, "done_at": None, "done_by": None} | more


def _evening(judge: Judge, *rows: Row) -> None:
    judge.listed(later(900), "tasks", HERE, list(rows))


def test_an_alarm_that_nobody_carries_up_or_that_has_no_row(judge: Judge) -> None:
    alarm = {"id": made(), "session": SESSION, "reading": None, "check": None, "state": "open"}
    judge.books.alarms[alarm["id"]] = alarm | {"created_at": text(NOON), "escalation": 0}
    judge.swept(later(20), frozenset({"alarms"}))
    with pytest.raises(Violation, match="R14 an alarm is carried up"):
        _evening(judge)
    judge.books.alarms[alarm["id"]]["escalation"] = 1
    with pytest.raises(Violation, match="R14 alarm has its row"):
        _evening(judge)
    row = _row("alarm", alarm["id"])
    _evening(judge, row)
    judge.books.alarms[alarm["id"]]["state"] = "acknowledged"
    with pytest.raises(Violation, match="a row of alarm goes with its cause"):
        _evening(judge, row)


def test_what_was_left_undone_and_has_no_row(judge: Judge) -> None:
    judge.swept(later(900), frozenset({"left_open", "unsigned", "obligations"}))
    with pytest.raises(Violation, match="R14 session_left_open has its row"):
        _evening(judge)
    judge.books.sessions[SESSION] |= {"status": "completed"}
    with pytest.raises(Violation, match="R14 note_unsigned has its row"):
        _evening(judge)
    note = _row("note_unsigned", made(), session=SESSION)
    debt = {"id": "debt", "program": PROGRAM, "client": CLIENT, "dosing_session": "of another day"}
    judge.books.owed["debt"] = debt | {"state": "due"}
    with pytest.raises(Violation, match="R14 integration_unbooked has its row"):
        _evening(judge, note)
    judge.books.owed["debt"]["state"] = "missed"
    with pytest.raises(Violation, match="R4 a missed integration is told"):
        _evening(judge, note)


def test_a_row_that_nobody_answered(judge: Judge) -> None:
    with pytest.raises(Violation, match="a row is answered by somebody"):
        _evening(judge, _row("slot_freed", made(), state="done"))


def test_an_alert_that_nobody_carries_up(judge: Judge) -> None:
    alert = {"id": made(), "program": PROGRAM, "open": True, "measure": None}
    alert |= {"created_at": text(NOON), "acknowledge_by": text(later(30))}
    judge.books.alerts[alert["id"]] = alert
    judge.swept(later(60), frozenset({"alerts"}))
    with pytest.raises(Violation, match="R14 an alert is carried up"):
        _evening(judge, _row("safety_alert", alert["id"]))


def test_a_role_that_sees_more_or_less_than_what_names_it(judge: Judge) -> None:
    row = _row("slot_freed", made(), roles=["front_desk"])
    judge.books.rows[HERE] = [row]
    with pytest.raises(Violation, match="the director's part"):
        judge.worklist({"id": "desk", "roles": ("front_desk",)}, HERE, [])
    with pytest.raises(Violation, match="the director's part"):
        judge.worklist({"id": "nurse", "roles": ("nurse_practitioner",)}, HERE, [row])


def test_a_state_that_nobody_can_leave(judge: Judge) -> None:
    judge.books.rows[HERE] = []
    note = {"id": made(), "session": SESSION, "status": "draft", "allowed_moves": []}
    with pytest.raises(Violation, match="every state has a way out"):
        judge.listed(NOON, "notes", HERE, [note])


# --- views ------------------------------------------------------------------------------------------------------------


def _card(**more: Any) -> Row:
    row = {
        "id": SESSION,
        "dosed_at": text(NOON),
        "last_reading": {"measured_at": text(later(-10))},
        "alarms": [],
    }
    return {"location": HERE, "sessions": [row | more]}


def test_a_board_that_says_something_else_than_the_books(judge: Judge) -> None:
    tell(judge, "GET", "monitoring-board/", _card())
    wrong: tuple[Row, ...] = (
        {"location": HERE, "sessions": []},
        _card(dosed_at=None),
        _card(last_reading={"measured_at": text(later(-20))}),
    )
    for answer in wrong:
        with pytest.raises(Violation, match="the board shows"):
            tell(judge, "GET", "monitoring-board/", answer)
    alarm = {"id": made(), "session": SESSION, "reading": None, "check": None, "state": "open"}
    judge.books.alarms[alarm["id"]] = alarm
    with pytest.raises(Violation, match="the board shows what rings"):
        tell(judge, "GET", "monitoring-board/", _card())


def test_two_views_that_differ(judge: Judge) -> None:
    row = {"id": SESSION, "status": "scheduled"}
    with pytest.raises(Violation, match="holds the same rows"):
        judge.agree("day-board", [row], [])
    with pytest.raises(Violation, match="says the same"):
        judge.agree("day-board", [row], [row | {"status": "cancelled"}])


def test_progress_that_did_not_take_place(judge: Judge) -> None:
    shown = judge.books.programs[PROGRAM] | {"progress": {"preparation": {"done": 0}, "dosing": {"done": 2}}}
    with pytest.raises(Violation, match="progress is what took place"):
        tell(judge, "GET", f"programs/{PROGRAM}/", shown)


def test_an_answer_about_wanting_to_die_rings(judge: Judge) -> None:
    answer = {"id": made(), "client": CLIENT, "program": PROGRAM, "instrument": "phq9"}
    tell(judge, "POST", "measures/", answer, body={"answers": [0] * 8 + [1], "taken_at": text(NOON)})
    with pytest.raises(Violation, match="R14 an answer that points at suicide rings"):
        judge.listed(NOON, "safety-alerts", HERE, [])
