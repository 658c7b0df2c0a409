"""The REMS record of an esketamine session: owed with the dose, whole before it is submitted, told of until it is."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Outbox, Task
from sessions.booking.models import Session
from sessions.dosing.models import Administration, AdverseEvent
from sessions.dosing.rems import rules, services
from sessions.dosing.rems.models import EVENTS, RemsRecord
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast, lot_of
from tests.replay import played
from tests.sessions.giving import attempt, stock

WORDS = ("rems_enrolment", "prescriber_on_site", "no_fluids", "no_nasal_spray")
NO = {"occurred": False}
NONE_TAKEN = dict.fromkeys(rules.CONCOMITANT, False)


def dosed(cast: Cast) -> Session:
    """84 mg of esketamine, three devices from the safe, just given."""
    edition = people.approved_protocol(cast, name="Esketamine", route="intranasal", min_preparations=0)
    session = people.ready_dose(cast, people.cleared_program(cast, protocol=edition), without=("order",))
    words = {"fasting_since": people.later(hours=-6), "attestations": dict.fromkeys(WORDS, True)}
    visits.change(session=session, values=words, by=cast.np, at=clock.now())
    amounts = {"dose_mg": Decimal(84), "max_total_mg": Decimal(84)}
    people.written_order(cast, session, drug="Esketamine", **amounts)
    lot = lot_of(cast, drug="Esketamine", form="device", concentration_mg_per_ml=None, lot_number="SPR-7")
    answer = attempt(cast, session, dose_mg="84", **stock(lot))
    assert answer.status_code == 201, answer.content
    return session


def read(cast: Cast, session: Session, minute: int, **more: Any) -> None:
    """Vital signs that many minutes after the first device."""
    moment = MONDAY + timedelta(minutes=minute)
    with clock.fixed(moment):
        values = people.calm() | more
        monitoring.record_reading(session=session, values=values, dosed_at=MONDAY, by=cast.np, at=moment)


def sent_home(cast: Cast, session: Session) -> None:
    """Watched at 41, 90 and 121 minutes, discharged after 125."""
    session.refresh_from_db()
    for minute, systolic in ((41, 139), (90, 130), (121, 126)):
        read(cast, session, minute, systolic=systolic)
    stated = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
    at = MONDAY + timedelta(minutes=125)
    body = {"checklist": dict.fromkeys(stated, True), "escort_present": True, "discharged_at": at.isoformat()}
    with clock.fixed(at):
        cast.desk("np").must(f"sessions/{session.pk}/discharge/", body)


def answers(**more: Any) -> dict[str, Any]:
    """Everything that staff are asked."""
    return {
        "concomitant": NONE_TAKEN | {"opioids": True},
        "ready_without_two_hours_at": (MONDAY + timedelta(minutes=95)).isoformat(),
        "vitals_acceptable_pre": True,
        "vitals_acceptable_completion": True,
        "sedation": {"occurred": True, "resolved_at": (MONDAY + timedelta(minutes=80)).isoformat()},
        "dissociation": NO,
        "respiratory_depression": NO,
        "serious_adverse_event": NO,
    } | more


@pytest.fixture
def session(cast: Cast) -> Session:
    found: Session = played("esketamine given", lambda: dosed(cast))
    return found


@pytest.fixture
def home(cast: Cast, session: Session) -> str:
    """The address of the record of a client who went home; it is the next morning."""
    played("esketamine gone home", lambda: sent_home(cast, session))
    return f"sessions/{session.pk}/rems/"


def test_under_esketamine_the_forms_reading_before_leaving_is_asked_for(cast: Cast, session: Session) -> None:
    """Two hours are over, and vital signs are ten minutes old: the form's third set is missing (REMS)."""
    session.refresh_from_db()
    for minute, told in ((110, 409), (116, 201)):
        read(cast, session, minute)
        at = MONDAY + timedelta(minutes=120)
        stated = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
        body = {"checklist": dict.fromkeys(stated, True), "escort_present": True}
        with clock.fixed(at):
            body["discharged_at"] = at.isoformat()
            answer = cast.desk("np").post(f"sessions/{session.pk}/discharge/", body)
        assert answer.status_code == told, answer.content
        if told == 409:
            assert [row["code"] for row in answer.json()["unmet"]] == ["vitals"]


def submit(cast: Cast, path: str, who: str = "np", **more: Any) -> Any:
    at = MONDAY + timedelta(days=1)
    with clock.fixed(at):
        body = {"reference": "REMS-42", "submitted_at": at.isoformat()} | more
        return cast.desk(who).post(f"{path}submit/", body)


def fill(cast: Cast, path: str, **more: Any) -> Any:
    with clock.fixed(MONDAY + timedelta(days=1)):
        return cast.desk("np").patch(path, answers(**more))


# --- owed -------------------------------------------------------------------------------------------------------------


def test_the_first_esketamine_dose_owes_the_record_within_seven_days(cast: Cast, session: Session) -> None:
    row = cast.desk("np").get(f"sessions/{session.pk}/rems/").json()
    assert (row["state"], row["owed"], row["due_at"]) == ("draft", True, "2026-05-11T15:00:00Z")
    assert row["allowed_moves"] == ["write", "submit"]
    assert set(row["concomitant"].values()) == {None}
    assert row["monitoring_hcp"] == str(cast.np.pk)
    assert RemsRecord.objects.count() == 1


def test_racemic_ketamine_owes_none(cast: Cast) -> None:
    session = people.ready_dose(cast)
    people.give(cast, session)
    services.sweep_records(at=people.later(days=9))
    assert cast.desk("np").get(f"sessions/{session.pk}/rems/").status_code == 404
    assert not RemsRecord.objects.exists()


def test_the_sweep_owes_what_a_lost_step_left_out_and_only_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lost:
        lost.setattr(services, "owe", lambda **_: None)
        session = dosed(cast)
    assert not RemsRecord.objects.exists()
    assert [services.sweep_records(at=MONDAY) for _ in range(2)] == [1, 0]
    record = RemsRecord.objects.get()
    assert (record.session_id, record.due_at) == (session.pk, MONDAY + timedelta(days=7))
    assert services.owe(session=session, by=SYSTEM, at=MONDAY) == record


def test_a_voided_dose_owes_none_and_nobody_is_told(cast: Cast, session: Session) -> None:
    services.sweep_records(at=people.later(days=3))
    dose = Administration.objects.get(session=session)
    visits.void_administration(dose_id=dose.pk, reason="Wrong client", by=cast.prescriber, at=MONDAY)
    services.sweep_records(at=people.later(days=7))
    assert [task.state for task in Task.objects.filter(kind=Kind.REMS_RECORD)] == ["done"]
    assert RemsRecord.objects.get().warnings == 0
    path = f"sessions/{session.pk}/rems/"
    assert cast.desk("np").get(path).json()["owed"] is False
    refused = submit(cast, path)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_owed")


# --- the form ---------------------------------------------------------------------------------------------------------


def test_the_form_takes_from_the_record_what_the_record_knows(cast: Cast, home: str) -> None:
    form = cast.desk("director").get(home).json()["form"]
    client = RemsRecord.objects.get().session.client
    assert form["client"] == {"name": client.legal_name, "date_of_birth": "1985-03-02", "sex": "X"}
    assert (form["dose"], form["dose_mg"], form["lot_numbers"]) == ("84", "84.000", ["SPR-7"])
    assert (form["session_date"], form["total_minutes"]) == ("2026-05-04", 125)
    assert form["setting"]["name"] == "North Clinic PLLC"
    pressures = [form[name]["systolic"] for name in rules.PRESSURES]
    assert pressures == [122, 139, 126]  # before; at 41 minutes; the last before they went home
    assert form["blood_pressure_40_min"]["measured_at"] == "2026-05-04T15:41:00Z"


def test_a_pressure_that_could_not_be_had_is_none_on_the_form(cast: Cast, session: Session) -> None:
    session.refresh_from_db()
    read(cast, session, 41, systolic=None, not_obtainable=["systolic"])
    with clock.fixed(MONDAY + timedelta(minutes=42)):
        form = cast.desk("director").get(f"sessions/{session.pk}/rems/").json()["form"]
    assert form["blood_pressure_40_min"] is None


def test_a_whole_form_is_submitted_once_and_then_closed(cast: Cast, home: str) -> None:
    assert fill(cast, home).json()["missing"] == []
    done = submit(cast, home)
    assert done.status_code == 200, done.content
    row = done.json()
    assert (row["state"], row["reference"], row["submitted_by"]) == ("submitted", "REMS-42", str(cast.np.pk))
    assert (row["submitted_at"], row["allowed_moves"]) == ("2026-05-05T15:00:00Z", [])
    again = submit(cast, home)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert fill(cast, home, vitals_acceptable_pre=False).status_code == 409
    assert services.sweep_records(at=people.later(days=8)) == 0
    client = RemsRecord.objects.get().session.client
    client.legal_last_name = "Changed"
    client.save_by(cast.frontdesk, at=clock.now())
    assert cast.desk("np").get(home).json()["form"] == row["form"]  # as it was sent


def test_a_form_that_lacks_something_is_refused_by_field(cast: Cast, home: str) -> None:
    fill(cast, home, concomitant=NONE_TAKEN | {"maois": None}, sedation={"occurred": True})
    refused = submit(cast, home)
    assert refused.status_code == 400
    assert [row["pointer"] for row in refused.json()["errors"]] == ["/concomitant/maois", "/events_note"]
    assert "Sample" not in refused.content.decode()
    record = RemsRecord.objects.get()
    assert (record.state, record.submitted_at, record.form) == ("draft", None, None)


def test_a_serious_event_of_the_session_can_not_be_denied(cast: Cast, home: str) -> None:
    record = RemsRecord.objects.get()
    AdverseEvent(
        session=record.session,
        term="chest pain",
        grade=3,
        serious=True,
        seriousness=["hospitalization"],
        onset_at=MONDAY,
        causality="possible",
        action="none",
        outcome="recovered",
    ).insert_by(cast.np, at=clock.now())
    fill(cast, home)
    (error,) = submit(cast, home).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/serious_adverse_event/occurred", "contradicts")


def test_before_the_discharge_the_form_has_no_end(cast: Cast, session: Session) -> None:
    path = f"sessions/{session.pk}/rems/"
    fill(cast, path, blood_pressure_reason="Cuff broke")
    (error,) = submit(cast, path).json()["errors"]
    assert error["pointer"] == "/monitoring_ended_at"


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"ready_without_two_hours_at": "2026-05-04T14:00:00Z"}, "/ready_without_two_hours_at"),
    ({"monitoring_ended_at": "2026-06-04T14:00:00Z"}, "/monitoring_ended_at"),
    ({"dissociation": NO | {"resolved_at": "2026-05-04T15:30:00Z"}}, "/dissociation/resolved_at"),
    ({"monitoring_hcp": "01900000-0000-7000-8000-00000000dead"}, "/monitoring_hcp"),
    ({"total_minutes": 120}, "/total_minutes"),
    ({"dose": "56"}, "/dose"),
]


def test_an_answer_that_can_not_be_is_refused(cast: Cast, session: Session) -> None:
    for body, pointer in IMPOSSIBLE:
        with clock.fixed(MONDAY + timedelta(days=1)):
            refused = cast.desk("np").patch(f"sessions/{session.pk}/rems/", body, match="*")
        assert refused.status_code == 400, pointer
        assert [row["pointer"] for row in refused.json()["errors"]] == [pointer]
    assert RemsRecord.objects.get().version == 1


def test_two_desks_do_not_overwrite_each_other(cast: Cast, session: Session) -> None:
    path = f"sessions/{session.pk}/rems/"
    tag = cast.desk("np").get(path).headers["ETag"]
    assert cast.desk("np").patch(path, {"lot_number": "X"}, match=tag).status_code == 200
    assert cast.desk("prescriber").patch(path, {"lot_number": "Y"}, match=tag).status_code == 412
    assert cast.desk("prescriber").patch(path, {"lot_number": "Y"}, match="").status_code == 428


def test_only_who_monitors_writes_and_submits(cast: Cast, home: str) -> None:
    fill(cast, home)
    for who, seen in {"director": 200, "therapist": 403, "frontdesk": 403, "billing": 403}.items():
        assert submit(cast, home, who=who).status_code == 403, who
        assert cast.desk(who).get(home).status_code == seen, who
    assert RemsRecord.objects.get().state == "draft"


def test_another_clinic_sees_none_of_it(cast: Cast, home: str) -> None:
    desk = cast.desk("south_np")
    assert desk.get(home).status_code == desk.get(f"{home}pdf/").status_code == 404
    assert desk.get("rems-records/").json()["count"] == 0


def test_the_list_names_what_is_owed_in_three_queries(
    cast: Cast, session: Session, django_assert_num_queries: Any
) -> None:
    cast.desk("np").get("rems-records/")
    with django_assert_num_queries(3):
        page = cast.desk("np").get("rems-records/", state="draft", location=str(cast.north.pk))
    assert [row["session"] for row in page.json()["results"]] == [str(session.pk)]
    assert cast.desk("np").get("rems-records/", state="submitted").json()["count"] == 0


def test_the_page_is_the_form_and_always_the_same_bytes(cast: Cast, home: str) -> None:
    draft = cast.desk("np").get(f"{home}pdf/")
    assert draft.headers["Content-Type"] == "application/pdf"
    assert "not submitted" in printed(draft.content)
    fill(cast, home)
    submit(cast, home)
    first = cast.desk("np").get(f"{home}pdf/").content
    with clock.fixed(people.later(days=40)):
        assert cast.desk("director").get(f"{home}pdf/").content == first
    assert all(word in printed(first) for word in ("REMS-42", "SPR-7", "139/78", "Robin Sample", "125"))


def printed(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.split())


# --- told of until it is submitted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elapsed", "told"),
    [
        ({"days": 2, "hours": 23}, 0),
        ({"days": 3}, 1),
        ({"days": 5, "hours": 23}, 1),
        ({"days": 6}, 2),
        ({"days": 7}, 3),
        ({"days": 60}, 3),
    ],
)
def test_warnings_come_on_day_three_and_six_and_when_it_is_overdue(
    elapsed: dict[str, int], told: int
) -> None:
    due = rules.due_at(MONDAY)
    assert rules.warnings_due(due_at=due, at=MONDAY + timedelta(**elapsed)) == told


def test_an_owed_record_climbs_to_the_director(cast: Cast, session: Session) -> None:
    seen = []
    for days in (2, 3, 4, 6, 7, 8):
        services.sweep_records(at=people.later(days=days))
        seen += [[(task.roles, task.escalation) for task in Task.objects.filter(kind=Kind.REMS_RECORD)]]
    nurses = ["nurse_practitioner", "prescriber"]
    everybody = ["medical_director", *nurses]
    first, second, over = [(nurses, 0)], [(nurses, 1)], [(everybody, 2)]
    assert seen == [[], first, first, second, over, over]
    messages = Outbox.objects.filter(key__startswith="rems:")
    assert messages.count() == 2 + 2 + 3
    assert messages.filter(recipient=cast.director.pk).count() == 1


def test_ticking_the_row_off_does_not_submit_it(cast: Cast, session: Session) -> None:
    services.sweep_records(at=people.later(days=7))
    task = Task.objects.get(kind=Kind.REMS_RECORD)
    cast.desk("np").must(f"tasks/{task.pk}/done/", {"outcome": "Later"})
    services.sweep_records(at=people.later(days=7, minutes=1))
    assert Task.objects.filter(kind=Kind.REMS_RECORD, state="open").count() == 1


def test_submitting_takes_the_row_off_the_worklist(cast: Cast, home: str) -> None:
    services.sweep_records(at=people.later(days=3))
    fill(cast, home)
    assert submit(cast, home).status_code == 200
    assert Task.objects.get(kind=Kind.REMS_RECORD).state == "done"


def a_serious_event(cast: Cast, session: Session, **more: Any) -> None:
    body = {
        "term": "sedation",
        "grade": 3,
        "serious": True,
        "seriousness": ["hospitalization"],
        "onset_at": people.later(days=2).isoformat(),
    }
    body |= {"causality": "possible", "action": "none", "outcome": "recovering"} | more
    with clock.fixed(people.later(days=2)):
        cast.desk("np").must(f"sessions/{session.pk}/adverse-events/", body)


def a_voided_dose(cast: Cast, session: Session) -> None:
    dose = Administration.objects.get(session=session)
    visits.void_administration(
        dose_id=dose.pk, reason="Wrong client", by=cast.prescriber, at=people.later(days=2)
    )


@pytest.mark.parametrize("happens", [a_serious_event, a_voided_dose])
def test_what_changes_after_the_form_was_sent_is_sent_after_it(cast: Cast, home: str, happens: Any) -> None:
    session = Session.objects.get(rems_record__isnull=False)
    fill(cast, home)
    submit(cast, home)
    sent = RemsRecord.objects.get().form
    happens(cast, session)
    task = Task.objects.open().get(kind="rems_amend")
    assert task.roles == ["nurse_practitioner", "prescriber"]
    assert (task.subject_id, task.due_at) == (RemsRecord.objects.get().pk, people.later(days=9))
    assert RemsRecord.objects.get().form == sent
    cast.desk("np").must(f"tasks/{task.pk}/done/", {"outcome": "Sent again by fax"})
    assert services.sweep_records(at=people.later(days=10)) == 0
    assert not Task.objects.open().filter(kind="rems_amend").exists()


def test_what_the_form_does_not_ask_for_and_what_a_draft_still_takes_in_amend_nothing(
    cast: Cast, home: str
) -> None:
    session = Session.objects.get(rems_record__isnull=False)
    a_serious_event(cast, session)
    fill(cast, home, serious_adverse_event={"occurred": True}, events_note="Still sleepy")
    assert submit(cast, home).status_code == 200
    a_serious_event(cast, session, term="nausea", grade=1, serious=False, seriousness=[])
    assert not Task.objects.filter(kind="rems_amend").exists()


# --- rules and guards -------------------------------------------------------------------------------------------------


def _taken(minute: int) -> Any:
    return SimpleNamespace(measured_at=MONDAY + timedelta(minutes=minute), minute=minute)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((-5, 38, 43, 119), (-5, 38, 119)),
        ((-5, 29, 119), (-5, None, 119)),
        ((-20, -5, 40), (-5, 40, None)),
        ((50, 140), (None, 50, None)),
        ((), (None, None, None)),
    ],
)
def test_which_readings_stand_on_the_form(minutes: tuple[int, ...], expected: tuple[int | None, ...]) -> None:
    found = rules.pressures(
        [_taken(minute) for minute in minutes],
        first=MONDAY,
        ended=MONDAY + timedelta(minutes=120),
        window=timedelta(minutes=10),
    )
    assert tuple(row and row.minute for row in found) == expected


WHOLE: dict[str, Any] = {
    "concomitant": NONE_TAKEN,
    **dict.fromkeys(rules.STATED, True),
    **{name: {} for name in rules.PRESSURES},
    **{name: {"occurred": False, "resolved_at": None} for name in EVENTS},
    "unnamed_lots": False,
    "monitoring_ended_at": "2026-05-04T17:05:00Z",
    "blood_pressure_reason": "",
    "events_note": "",
    "recorded_events": [],
}
UNRESOLVED = {"occurred": True, "resolved_at": None}


@pytest.mark.parametrize(
    ("more", "lacks"),
    [
        ({}, []),
        ({"monitoring_hcp": None}, ["/monitoring_hcp"]),
        ({"vitals_acceptable_pre": None}, ["/vitals_acceptable_pre"]),
        ({"unnamed_lots": True}, ["/lot_number"]),
        ({"monitoring_ended_at": None}, ["/monitoring_ended_at"]),
        ({"blood_pressure_40_min": None}, ["/blood_pressure_reason"]),
        ({"blood_pressure_40_min": None, "blood_pressure_reason": "Cuff broke"}, []),
        ({"sedation": UNRESOLVED}, ["/events_note"]),
        ({"sedation": UNRESOLVED, "events_note": "Taken to hospital"}, []),
        ({"recorded_events": ["dissociation"]}, ["/dissociation/occurred"]),
        ({"recorded_events": ["sedation"], "sedation": UNRESOLVED, "events_note": "Sleepy"}, []),
    ],
)
def test_what_the_form_still_lacks(more: dict[str, Any], lacks: list[str]) -> None:
    assert [error.pointer for error in rules.missing(WHOLE | more)] == lacks


@pytest.mark.parametrize(("total", "box"), [("56.000", "56"), ("84", "84"), ("28", "other"), ("0", "other")])
def test_the_box_of_the_dose(total: str, box: str) -> None:
    assert rules.dose_box(Decimal(total)) == box


SMUGGLED = ("state = 'sent'", "state = 'submitted'", "sedation_resolved_at = now(), sedation = false")


def test_the_database_keeps_a_draft_a_draft_and_closes_what_was_submitted(cast: Cast, home: str) -> None:
    for change in SMUGGLED:
        _refused(f"UPDATE clinic_sessions_remsrecord SET {change}", "rems_")
    fill(cast, home)
    submit(cast, home)
    _refused("UPDATE clinic_sessions_remsrecord SET reference = 'other'", "frozen")


def _refused(statement: str, why: str) -> None:
    with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
