"""The judge's books of the front desk can fail: each of these was done by a clinic that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.simulation.judge import Judge, Violation
from tests.simulation.trace import Call

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLINIC, CLIENT, OTHER, NURSE, SESSION = (f"01a1a2b2-3a0c-726e-a75e-{number:012d}" for number in range(5))
Row = dict[str, Any]


def told(judge: Judge, method: str, path: str, body: Any, answer: Any, roles: tuple[str, ...] = ()) -> None:
    who = {"id": OTHER, "name": "Somebody", "roles": roles, "locations": (CLINIC,)}
    call: Row = {"at": NOON, "who": who, "method": method, "path": path, "query": {}, "body": body}
    judge.heard(Call(**call, status=200, answer=answer))


def session(**more: Any) -> Row:
    start = NOON + 24 * HOUR
    times = {"starts_at": start.isoformat(), "ends_at": (start + HOUR).isoformat()}
    row: Row = {"id": SESSION, "client": CLIENT, "location": CLINIC, "room": None, "status": "scheduled"}
    row |= {"staff": [{"user": NURSE, "role": "nurse_practitioner"}], "override_reason": "", **times}
    return row | more


@pytest.fixture
def judge() -> Judge:
    found = Judge()
    found.books.zones[CLINIC] = ZoneInfo("America/Denver")
    found.books.sessions[SESSION] = session(by_staff=True, program="a program")
    return found


def goes(judge: Judge, path: str, body: Row, **answer: Any) -> None:
    told(judge, "PATCH", path, body, {"id": path.split("/")[1], "email": "somebody@example.test"} | answer)


def away(judge: Judge, *, hours: int) -> None:
    body = {"user": NURSE, "starts_at": NOON.isoformat(), "ends_at": (NOON + hours * HOUR).isoformat()}
    told(judge, "POST", "absences/", body, body | {"id": OTHER})


def test_a_session_with_somebody_who_is_away_is_a_violation(judge: Judge) -> None:
    away(judge, hours=24)
    judge._somebody_there([session()])
    away(judge, hours=26)
    with pytest.raises(Violation, match="away or gone"):
        judge._somebody_there([session()])
    told(judge, "POST", f"staff/{NURSE}/time-off/{OTHER}/cancel/", {}, off_of(26))
    judge._somebody_there([session()])


def off_of(hours: int) -> Row:
    span = {"starts_at": NOON.isoformat(), "ends_at": (NOON + hours * HOUR).isoformat()}
    return span | {"user": NURSE, "id": OTHER}


@pytest.mark.parametrize(
    ("path", "gone", "back"),
    [
        (f"staff/{NURSE}/", {"is_active": False}, {"is_active": True}),
        (f"staff/{NURSE}/", {"roles": ["front_desk"]}, {"roles": ["nurse_practitioner"]}),
        (f"rooms/{OTHER}/", {"is_active": False}, {"is_active": True}),
        (f"locations/{CLINIC}/", {"closed_dates": ["2026-05-05"]}, None),
    ],
)
def test_a_session_on_what_is_gone_is_a_violation(
    judge: Judge, path: str, gone: Row, back: Row | None
) -> None:
    goes(judge, path, gone)
    with pytest.raises(Violation, match="away or gone"):
        judge._somebody_there([session(room=OTHER)])
    if back is not None:
        goes(judge, path, back)
        judge._somebody_there([session(room=OTHER)])


def test_what_was_left_and_is_nobodys_row_is_a_violation(judge: Judge) -> None:
    goes(judge, f"staff/{NURSE}/", {"is_active": False}, unresolved=[{"id": SESSION}])
    row = {"kind": "session_unstaffed", "subject_id": SESSION, "state": "open"}
    judge._worklist(NOON, CLINIC, [row])
    with pytest.raises(Violation, match="left is somebody's"):
        judge._worklist(NOON, CLINIC, [row | {"state": "done"}])


def test_after_a_death_nothing_is_booked_owed_or_sent(judge: Judge) -> None:
    judge.books.programs["course"] = {"status": "active", "location": CLINIC}
    told(judge, "POST", f"clients/{CLIENT}/deceased/", {}, {"programs": ["course"]})
    assert judge.books.programs["course"]["status"] == "discontinued"
    with pytest.raises(Violation, match="a death ends"):
        judge._somebody_there([session()])
    judge.books.owed["one"] = {"id": "one", "client": CLIENT, "dosing_session": SESSION, "state": "booked"}
    with pytest.raises(Violation, match="nothing is owed"):
        judge._worklist(NOON, CLINIC, [])
    sent = {"recipient": CLIENT, "sent_at": (NOON + HOUR).isoformat()}
    with pytest.raises(Violation, match="nothing is sent"):
        told(judge, "GET", "messages/", None, {"results": [sent]})
    told(judge, "POST", f"clients/{CLIENT}/deceased/void/", {"reason": "Lives."}, {"programs": ["course"]})
    assert judge.books.programs["course"]["status"] == "active"
    judge._somebody_there([session()])


def test_a_message_to_who_wants_none_is_a_violation(judge: Judge) -> None:
    goes(judge, f"clients/{CLIENT}/", {"communication_consent": {"email": False, "sms": False}})
    sent = {"recipient": CLIENT, "sent_at": NOON.isoformat()}
    told(judge, "GET", "messages/", None, {"results": [sent]})
    sent["sent_at"] = (NOON + HOUR).isoformat()
    with pytest.raises(Violation, match="against the client's word"):
        told(judge, "GET", "messages/", None, {"results": [sent]})


def test_two_who_are_joined_are_one_person_until_they_are_parted(judge: Judge) -> None:
    told(judge, "POST", f"clients/{OTHER}/merge/", {"into": CLIENT}, {})
    assert judge.one(OTHER) == judge.one(CLIENT) == CLIENT
    told(judge, "POST", f"clients/{OTHER}/unmerge/", {"reason": "Twins."}, {})
    assert judge.one(OTHER) == OTHER


def test_an_integration_that_stays_due_without_a_row_is_a_violation(judge: Judge) -> None:
    row = {"id": "one", "client": CLIENT, "dosing_session": SESSION, "state": "due"}
    judge.books.owed["one"] = row
    judge._worklist(NOON, CLINIC, [])
    judge.swept(NOON + HOUR, frozenset({"obligations"}))
    asked = {"kind": "integration_unbooked", "subject_id": "one", "state": "open"}
    judge._worklist(NOON + 24 * HOUR, CLINIC, [asked])
    with pytest.raises(Violation, match="due is booked or told"):
        judge._worklist(NOON + 24 * HOUR, CLINIC, [])


def test_a_students_note_waits_for_another_person(judge: Judge) -> None:
    judge.books.notes[OTHER] = {"session": SESSION, "signed": False}
    told(judge, "POST", f"notes/{OTHER}/sign/", {}, {"status": "cosign_pending"}, ("therapist",))
    with pytest.raises(Violation, match="note waits"):
        judge._worklist(NOON, CLINIC, [])
    judge._worklist(NOON, CLINIC, [{"kind": "note_cosign", "subject_id": OTHER, "state": "open"}])
    with pytest.raises(Violation, match="another one cosigns"):
        told(judge, "POST", f"notes/{OTHER}/cosign/", {}, {"status": "signed"}, ("therapist",))


def test_another_houses_row_is_a_violation(judge: Judge) -> None:
    told(judge, "GET", f"sessions/{SESSION}/", None, session(), ("therapist",))
    with pytest.raises(Violation, match="another location"):
        told(judge, "GET", f"sessions/{SESSION}/", None, session(location=OTHER), ("therapist",))
