"""Adverse events: what is recorded and computed, who follows them up, and what holds the client's next dose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from kapclinic.practice.models import Role
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs import policy
from sessions.booking.models import Session
from sessions.dosing import services
from sessions.dosing.models import AdverseEvent, AdverseEventFollowUp, AdverseEventReview
from sessions.dosing.rules import adverse_events
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.giving import attempt

MILD: dict[str, Any] = {
    "term": "nausea",
    "grade": 1,
    "serious": False,
    "causality": "probable",
    "action": "none",
    "outcome": "resolved",
}
SEVERE = MILD | {"term": "Loss of consciousness", "grade": 3}


def tell(cast: Cast, session: Session, who: str = "np", /, **more: Any) -> Any:
    body = MILD | {"onset_at": clock.now().isoformat()} | more
    return cast.desk(who).post(f"sessions/{session.pk}/adverse-events/", body)


def told(cast: Cast, session: Session, /, **more: Any) -> dict[str, Any]:
    answer = tell(cast, session, **more)
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.content
    assert not AdverseEvent.objects.exists()
    return [row["pointer"] for row in answer.json()["errors"]]


def open_tasks() -> dict[str, Task]:
    return {row.kind: row for row in Task.objects.open().filter(kind__startswith="adverse_event")}


def test_an_event_is_recorded_in_few_words_and_the_record_adds_the_rest(cast: Cast) -> None:
    session = people.ready_dose(cast)
    dose = people.give(cast, session)
    with clock.fixed(MONDAY + timedelta(minutes=40)):
        session.refresh_from_db()
        high = people.calm() | {"systolic": 165, "diastolic": 95}
        monitoring.record_reading(session=session, values=high, dosed_at=MONDAY, by=cast.np, at=clock.now())
    with clock.fixed(MONDAY + timedelta(minutes=50)):
        event = told(
            cast,
            session,
            term="High blood pressure",
            grade=1,
            onset_at=(MONDAY + timedelta(minutes=45)).isoformat(),
            causality="we think so",  # any words, as ever
        )
    assert (event["term"], event["term_code"], event["causality"]) == (
        "High blood pressure",
        "hypertension",
        "we think so",
    )
    assert (event["phase"], event["dose"]) == ("acute", str(dose.pk))
    assert (event["vitals"]["systolic"], event["vitals"]["measured_at"]) == (165, "2026-05-04T15:40:00Z")
    assert (event["grade"], event["suggested_grade"]) == (1, 3)  # a hint, never set
    assert (event["seriousness"], event["reported_to"], event["holds_next_dose"]) == ([], [], False)
    listed = cast.desk("therapist").get(f"sessions/{session.pk}/adverse-events/").json()
    assert listed["results"] == [event]


def test_a_dose_that_was_voided_and_one_that_came_later_are_not_its_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    with clock.fixed(MONDAY + timedelta(minutes=10)):
        people.give(cast, session)
    event = told(cast, session)
    assert (event["phase"], event["dose"]) == ("pre", None)
    path = f"sessions/{session.pk}/adverse-events/{event['id']}/"
    assert cast.desk("np").get(path).json()["vitals"]["systolic"] == 122


def test_an_event_that_is_told_of_days_later_counts_from_the_clients_last_dose(cast: Cast) -> None:
    owed = people.owed(cast)
    later = MONDAY + timedelta(hours=25)
    with clock.fixed(later):
        visit = people.booked(cast, owed.program, "integration", later, obligation=owed)
        event = told(cast, visit, onset_at=(MONDAY + timedelta(hours=24)).isoformat())
        late = told(cast, visit)
    assert [event["phase"], late["phase"]] == ["within_24h", "later"]
    assert event["dose"] is not None


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"term": "Other"}, "/term_text"),
        ({"seriousness": ["hospitalization"]}, "/seriousness"),
        ({"serious": True}, "/seriousness"),
        ({"serious": True, "seriousness": []}, "/seriousness"),
        ({"serious": True, "seriousness": ["death"], "grade": 4}, "/grade"),
        ({"grade": 5, "serious": False}, "/serious"),
        ({"serious": True, "seriousness": ["bad luck"]}, "/seriousness/0"),
        ({"reported_to": ["the press"]}, "/reported_to/0"),
        ({"expectedness": "maybe"}, "/expectedness"),
        ({"onset_at": (MONDAY + timedelta(minutes=2)).isoformat()}, "/onset_at"),
        ({"resolved_at": (MONDAY - timedelta(seconds=1)).isoformat()}, "/resolved_at"),
        ({"grade": 6}, "/grade"),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(cast: Cast, more: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers(tell(cast, people.ready_dose(cast), **more))


def test_a_severe_event_asks_for_review_and_follow_up_and_a_serious_one_for_its_cause(cast: Cast) -> None:
    session = people.ready_dose(cast)
    told(cast, session)
    assert open_tasks() == {}
    told(cast, session, grade=2, resolved_at=MONDAY.isoformat())
    assert open_tasks() == {}  # over, and not severe
    event = told(cast, session, **SEVERE | {"serious": True, "seriousness": ["life_threatening"]})
    day = MONDAY + timedelta(hours=24)
    due = {kind: row.due_at for kind, row in open_tasks().items()}
    assert due == {
        "adverse_event_review": day,
        "adverse_event_follow_up": day,
        "adverse_event_root_cause": MONDAY + timedelta(days=7),
    }
    assert (event["review_due_at"], event["root_cause_due_at"]) == (
        "2026-05-05T15:00:00Z",
        "2026-05-11T15:00:00Z",
    )
    assert all("consciousness" not in str(vars(row)) for row in open_tasks().values())


def test_a_follow_up_is_a_row_of_its_own_and_settles_what_waited_for_it(cast: Cast) -> None:
    session = people.ready_dose(cast)
    event = told(cast, session, **SEVERE | {"serious": True, "seriousness": ["hospitalization"]})
    path = f"sessions/{session.pk}/adverse-events/{event['id']}/"
    early = {"text": "Called", "resolved_at": (MONDAY - timedelta(minutes=1)).isoformat()}
    assert cast.desk("np").post(f"{path}follow-ups/", early).status_code == 400
    assert not AdverseEventFollowUp.objects.exists()
    body = {"text": "Called: well again", "outcome": "recovered", "resolved_at": MONDAY.isoformat()}
    row = cast.desk("therapist").must(f"{path}follow-ups/", body)
    assert set(open_tasks()) == {"adverse_event_review", "adverse_event_root_cause"}
    answer = cast.desk("np").post(f"{path}follow-ups/", {"text": "Fasting", "root_cause": True})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    cast.desk("director").must(f"{path}follow-ups/", {"text": "No fasting check", "root_cause": True})
    assert set(open_tasks()) == {"adverse_event_review"}
    shown = cast.desk("np").get(path).json()
    assert shown["follow_ups"][0] == row
    assert (shown["outcome"], shown["resolved_at"]) == ("resolved", None)  # what was recorded stays


def test_an_event_that_is_not_serious_has_no_root_cause_to_find(cast: Cast) -> None:
    session = people.ready_dose(cast)
    event = told(cast, session)
    path = f"sessions/{session.pk}/adverse-events/{event['id']}/follow-ups/"
    answer = cast.desk("director").post(path, {"text": "Late breakfast", "root_cause": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_serious")
    assert not AdverseEventFollowUp.objects.exists()


def test_many_events_are_listed_in_as_few_queries_as_one(cast: Cast) -> None:
    session = people.ready_dose(cast)
    asked = []
    for more in (1, 4):
        for _ in range(more):
            event = told(cast, session, **SEVERE)
            path = f"sessions/{session.pk}/adverse-events/{event['id']}/"
            cast.desk("np").must(f"{path}follow-ups/", {"text": "Called"})
        with CaptureQueriesContext(connection) as queries:
            rows = cast.desk("np").get(f"sessions/{session.pk}/adverse-events/").json()["results"]
        asked.append(len(queries))
    assert [len(row["follow_ups"]) for row in rows] == [1] * 5
    assert asked[0] == asked[1]


# --- the next dose ----------------------------------------------------------------------------------------------


def next_session(cast: Cast, after: Session) -> Session:
    """The next ready dose of the same client, four days on, in another program than the event's."""
    owed = Obligation.objects.filter(dosing_session=after)
    for row in owed:
        visits.waive(obligation_id=row.pk, reason="Seen elsewhere", by=cast.therapist, at=clock.now())
    other = people.cleared_program(
        cast,
        protocol=people.approved_protocol(cast, name="A second course", min_preparations=0),
        who=after.client,
        continues=after.program_id,
    )
    return people.ready_dose(cast, other, room=cast.birch.pk)


def upheld(cast: Cast, session: Session) -> None:
    """A prescriber answers what suspends the clearance of the session's program, if anything does."""
    (row,) = cast.desk("prescriber").get("clearances/", program=str(session.program_id)).json()["results"]
    words = [{"reason": reason["id"], "resolution": "Reviewed."} for reason in row["reasons"]]
    if words:
        body = {"rationale": "The ECG is fine.", "resolutions": words}
        cast.desk("prescriber").must(f"clearances/{row['id']}/uphold/", body)


def gate(cast: Cast, session: Session) -> dict[str, Any]:
    shown = cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()
    return next(row for row in shown["gates"] if row["code"] == "adverse_event_review")


@pytest.mark.parametrize("more", [{"grade": 3}, {"serious": True, "seriousness": ["hospitalization"]}])
def test_the_clients_next_dose_waits_for_the_directors_review(cast: Cast, more: dict[str, Any]) -> None:
    first = people.ready_dose(cast)
    people.give(cast, first)
    event = told(cast, first, **more)
    assert event["holds_next_dose"] is True
    assert gate(cast, first)["state"] == "pass"  # its own session is written up whatever happened in it
    path = f"sessions/{first.pk}/adverse-events/{event['id']}/review/"
    with clock.fixed(MONDAY + timedelta(days=4)):
        session = next_session(cast, first)
        held = gate(cast, session)
        assert (held["state"], held["who_can_clear"], held["overridable_by"]) == (
            "open",
            ["medical_director"],
            [],
        )
        answer = attempt(cast, session)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
        override = {"gate": "adverse_event_review", "reason": "On my responsibility"}
        assert cast.desk("prescriber").post(f"sessions/{session.pk}/override/", override).status_code == 409
        for who in ("prescriber", "np", "therapist"):
            refused = cast.desk(who).post(path, {"conclusion": "Fine", "hold_released": True})
            assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
        assert not AdverseEventReview.objects.exists()
        cast.desk("director").must(path, {"conclusion": "Wait for the ECG", "hold_released": False})
        assert gate(cast, session)["state"] == "open"
        assert "adverse_event_review" not in open_tasks()
        cast.desk("director").must(path, {"conclusion": "ECG is fine", "hold_released": True})
        assert gate(cast, session)["state"] == "pass"
        upheld(cast, session)
        assert attempt(cast, session).status_code == 201
        cast.desk("director").must(path, {"conclusion": "On second thoughts", "hold_released": False})
        assert gate(cast, session)["state"] == "open"


def test_a_severe_event_before_the_dose_holds_the_dose_of_its_own_day(cast: Cast) -> None:
    session = people.ready_dose(cast)
    event = told(cast, session, **SEVERE)
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        assert gate(cast, session)["state"] == "open"
        answer = attempt(cast, session)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
        assert [row["code"] for row in answer.json()["gates"]] == ["adverse_event_review"]
        assert not session.administrations.exists()
        path = f"sessions/{session.pk}/adverse-events/{event['id']}/review/"
        cast.desk("director").must(path, {"conclusion": "A vasovagal faint", "hold_released": True})
        assert attempt(cast, session).status_code == 201


def test_a_mild_event_and_another_clients_hold_nobody(cast: Cast) -> None:
    first = people.ready_dose(cast)
    people.give(cast, first)
    told(cast, first, grade=2)
    with clock.fixed(MONDAY + timedelta(days=4)):
        session = next_session(cast, first)
        stranger = people.client(cast.north, by=cast.frontdesk, last="Other")
        theirs = people.booked(
            cast, people.opened_program(cast, who=stranger), "preparation", MONDAY + timedelta(days=5)
        )
        told(cast, theirs, **SEVERE)
        assert gate(cast, session)["state"] == "pass"


# --- nobody follows up ------------------------------------------------------------------------------------------


def test_a_follow_up_that_is_overdue_is_carried_up_once_and_never_lost(cast: Cast) -> None:
    session = people.ready_dose(cast)
    told(cast, session, grade=2)
    due = MONDAY + timedelta(hours=72)
    assert services.sweep_follow_ups(at=due - timedelta(seconds=1)) == 0
    task = open_tasks()["adverse_event_follow_up"]
    assert Role.MEDICAL_DIRECTOR not in task.roles
    assert [services.sweep_follow_ups(at=due) for _ in range(2)] == [1, 0]
    task.refresh_from_db()
    assert (Role.MEDICAL_DIRECTOR in task.roles, task.escalation) == (True, 1)
    trail.finish_task(task_id=task.pk, by=cast.np, at=due, outcome="ticked off")
    assert services.sweep_follow_ups(at=due) == 1  # without a follow-up it comes back
    event = AdverseEvent.objects.get()
    services.follow_up(event=event, values={"text": "Well"}, by=cast.np, at=due)
    assert (services.sweep_follow_ups(at=due + timedelta(days=9)), open_tasks()) == (0, {})


# --- the database and the rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [{"seriousness": ["death"]}, {"expectedness": "maybe"}, {"grade": 0}])
def test_the_database_refuses_what_an_event_can_not_be(cast: Cast, values: dict[str, Any]) -> None:
    session = people.ready_dose(cast)
    row = AdverseEvent(session=session, **MILD | {"onset_at": MONDAY} | values)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.insert_by(cast.np, at=MONDAY)
    assert not AdverseEvent.objects.exists()


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("nausea", "nausea"),
        ("  Chest-Pain ", "chest_pain"),
        ("crying", "emotional_distress"),
        ("Crying or emotional distress", "emotional_distress"),
        ("panic", "anxiety"),
        ("Tinnitus", "other"),
        ("other", "other"),
    ],
)
def test_a_term_is_found_in_the_pick_list_however_it_is_written(term: str, code: str) -> None:
    assert adverse_events.term_code(term) == code


@pytest.mark.parametrize(
    ("minutes", "phase"),
    [(0, "acute"), (120, "acute"), (121, "within_24h"), (1440, "within_24h"), (1441, "later")],
)
def test_the_phase_counts_from_the_dose(minutes: int, phase: str) -> None:
    onset: datetime = MONDAY + timedelta(minutes=minutes)
    assert adverse_events.phase_of(onset_at=onset, dosed_at=MONDAY, limits=policy.LIMITS) == phase
    assert (
        adverse_events.phase_of(onset_at=onset, dosed_at=MONDAY, limits={"event_phase_hours": [9999, 9999]})
        == "acute"
    )


@pytest.mark.parametrize(
    ("pressure", "grade"),
    [
        ((119, 79), None),
        ((120, 70), 1),
        ((110, 80), 1),
        ((140, 70), 2),
        ((130, 90), 2),
        ((160, 80), 3),
        ((230, 140), 3),
    ],
)
def test_only_a_pressure_is_hinted_at_and_never_a_crisis(
    pressure: tuple[int, int], grade: int | None
) -> None:
    vitals = dict(zip(("systolic", "diastolic"), pressure, strict=True))
    assert adverse_events.suggested_grade("hypertension", vitals) == grade
    assert adverse_events.suggested_grade("tachycardia", vitals) is None
    assert adverse_events.suggested_grade("hypertension", None) is None


def test_when_somebody_follows_up_is_the_protocols_word() -> None:
    asked = {"grade": 2, "serious": False, "resolved": False, "at": MONDAY}
    for hours, due in ((0, None), (5, MONDAY + timedelta(hours=5))):
        limits = policy.LIMITS | {"event_follow_up_hours": {"2": hours}}
        assert adverse_events.due_times(**asked, limits=limits)["follow_up_due_at"] == due
    limits = policy.LIMITS | {"severe_grade": 2, "event_review_hours": 6}
    assert adverse_events.due_times(**asked, limits=limits)["review_due_at"] == MONDAY + timedelta(hours=6)


def test_the_database_keeps_no_serious_event_without_a_criterion(cast: Cast) -> None:
    session = people.ready_dose(cast)
    told(cast, session)
    row = AdverseEvent.objects.get()
    row.pk, row._state.adding = uuid7(), True
    row.serious, row.seriousness = True, []
    with pytest.raises(IntegrityError, match="adverse_event_criterion"), transaction.atomic():
        row.insert_by(cast.np, at=MONDAY)
    assert AdverseEvent.objects.count() == 1
