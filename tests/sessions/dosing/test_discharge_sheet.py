"""Who took the client home, what worries somebody, and the sheet that the client is given."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pypdf
import pytest

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import AuditEvent, Task
from programs.models import Protocol
from screening import services as screening
from screening.models import SafetyAlert
from sessions.booking.models import Session
from sessions.dosing import sheets
from sessions.dosing.models import Discharge
from sessions.dosing.rules import discharge
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.sessions.dosing.test_discharge import STAY, dosed, go, unmet

SAM = {"name": "Sam Somebody", "phone": "303-555-0188", "relationship": "sister"}


def sheet(cast: Cast, session: Session, who: str = "frontdesk") -> Any:
    return cast.desk(who).get(f"sessions/{session.pk}/discharge/sheet/")


def text_of(answer: Any) -> str:
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), answer.content
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


# --- the escort -------------------------------------------------------------------------------------------------


def test_the_named_escort_is_who_took_the_client_home(cast: Cast) -> None:
    told = go(cast, dosed(cast)).json()
    assert (told["escort"]["name"], told["escort_change_reason"]) == ("Alex Example", "")


def test_somebody_else_takes_the_client_home_only_with_a_reason_that_is_kept(cast: Cast) -> None:
    session = dosed(cast)
    answer = go(cast, session, escort=SAM)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/escort_change_reason")
    assert not Discharge.objects.exists()
    told = go(cast, session, escort=SAM, escort_change_reason="Alex is ill; Robin's sister came").json()
    assert told["escort"] == SAM
    assert told["escort_change_reason"] == "Alex is ill; Robin's sister came"
    session.refresh_from_db()
    assert session.escort["name"] == "Alex Example"  # who was named stays named


def test_the_same_person_written_otherwise_needs_no_reason(cast: Cast) -> None:
    here = {"name": " alex  EXAMPLE", "phone": "303-555-0199"}
    told = go(cast, dosed(cast), escort=here, escort_change_reason="None").json()
    assert (told["escort"]["phone"], told["escort_change_reason"]) == ("303-555-0199", "")


def test_an_escort_who_is_named_only_now_may_take_the_client_home(cast: Cast) -> None:
    session = dosed(cast)
    session.refresh_from_db()
    session.escort = None
    session.save_by(cast.frontdesk, at=clock.now())
    assert unmet(go(cast, session)) == ["escort"]
    assert go(cast, session, escort=SAM).json()["escort"] == SAM


def test_a_client_who_left_alone_was_taken_home_by_nobody(cast: Cast) -> None:
    session = dosed(cast)
    told = go(cast, session, "prescriber", escort_present=False, override_reason="Ambulance").json()
    assert (told["escort"], told["checklist"]["escort"]) == (None, False)
    assert "Taken home" not in text_of(sheet(cast, session))


@pytest.mark.parametrize(
    ("named", "here", "same"),
    [("Zoë Núñez", "ZOE NUNEZ", True), ("Sam", "Sammy", False), ("", "Sam", False)],
)
def test_a_person_is_known_by_the_name(named: str, here: str, same: bool) -> None:
    assert discharge.same_person({"name": named}, {"name": here}) is same
    assert discharge.same_person(None, {"name": here}) is False


# --- what worries somebody --------------------------------------------------------------------------------------


def test_while_a_safety_alert_waits_no_concern_is_addressed(cast: Cast) -> None:
    session = dosed(cast)
    cause = SafetyAlert.Cause.SCREENING_SI
    alert = screening.raise_safety_alert(program=session.program, cause=cause, by=cast.np, at=MONDAY)
    assert unmet(go(cast, session)) == ["safety_addressed"]
    screening.acknowledge_alert(alert_id=alert.pk, action="Spoke for an hour", by=cast.therapist, at=MONDAY)
    assert unmet(go(cast, session)) == [
        "safety_addressed"
    ]  # somebody saw it, and nobody said that it is over
    words = {"rationale": "Passive thoughts only; called the sister."}
    screening.release_alert(alert_id=alert.pk, values=words, by=cast.therapist, at=MONDAY)
    assert go(cast, session).status_code == 201


def test_a_concern_at_the_discharge_asks_the_therapist_for_a_contact_within_a_day(cast: Cast) -> None:
    session = dosed(cast)
    assert go(cast, session, safety_concern=True).json()["safety_concern"] is True
    task = Task.objects.get(kind=Kind.DISCHARGE_SAFETY_CONCERN)
    assert (task.roles, task.assignee) == (["therapist"], cast.therapist.pk)
    assert (task.due_at, task.subject_id) == (MONDAY + STAY + timedelta(hours=24), session.pk)


def test_without_a_concern_nobody_is_asked(cast: Cast) -> None:
    go(cast, dosed(cast))
    assert not Task.objects.filter(kind=Kind.DISCHARGE_SAFETY_CONCERN).exists()


# --- the sheet --------------------------------------------------------------------------------------------------


def test_the_sheet_says_what_a_client_needs_at_home_and_no_finding(cast: Cast) -> None:
    session = dosed(cast)
    integration.schedule_obligation(
        obligation_id=Obligation.objects.get(dosing_session=session).pk, at=clock.now()
    )
    go(cast, session)
    slot = Obligation.objects.get(dosing_session=session).integration_session
    assert slot is not None
    text = text_of(sheet(cast, session))
    for words in (
        "Robin Sample", "Left North on Monday, May 4, 2026, 11:00 AM MDT", "Taken home by Alex Example, friend",
        "Do not drive before Tuesday, May 5, 2026, 9:00 AM MDT", "Until Tuesday, May 5, 2026, 9:00 AM MDT",
        "no legal or financial decisions", "no alcohol", "Call 911", "988", "303-555-0100",
        sheets.local_text(slot.starts_at, ZoneInfo("America/Denver")), f"Instructions {sheets.INSTRUCTIONS}",
    ):  # fmt: skip
        assert words in text, words
    for words in ("122", "78", "ketamine", "mg", "F33", "1985"):
        assert words not in text, words


def test_an_appointment_that_is_not_booked_yet_is_promised(cast: Cast) -> None:
    session = dosed(cast)
    go(cast, session)
    assert "We will call you with the time of your integration session" in text_of(sheet(cast, session))


def test_the_sheet_is_the_same_bytes_whatever_changes_later(cast: Cast) -> None:
    session = dosed(cast)
    told = go(cast, session).json()
    first = sheet(cast, session)
    values = {"chosen_name": "Quinn", "phone": "303-555-0111"}
    practice.save_client(client=session.client, values=values, by=cast.frontdesk, at=clock.now())
    practice.save_location(location=cast.north, values={"phone": "1"}, by=cast.admin, at=clock.now())
    with clock.fixed(MONDAY + timedelta(days=30)):
        second = sheet(cast, session, "therapist")
    assert first.content == second.content
    assert hashlib.sha256(first.content).hexdigest() == told["sheet_sha256"]
    assert first.headers["ETag"] == f'"{told["sheet_sha256"]}"'
    assert "Robin" not in first.headers["Content-Disposition"]


def test_how_long_somebody_rests_is_the_protocols_word(cast: Cast) -> None:
    session = dosed(cast)
    protocol: Protocol = session.program.protocol
    protocol.limits = protocol.limits | {"home_rest_hours": 48}
    row = Discharge(session=session, discharged_at=MONDAY, no_drive_until=MONDAY)
    assert sheets.content_of(row, last_dosed_at=MONDAY)["rest_until"] == "Wednesday, May 6, 2026, 9:00 AM MDT"


@pytest.mark.parametrize(
    ("who", "status"),
    [("frontdesk", 200), ("np", 200), ("billing", 403), ("admin", 403), ("south_frontdesk", 404)],
)
def test_the_sheet_is_printed_by_those_who_see_the_client_out(cast: Cast, who: str, status: int) -> None:
    session = dosed(cast)
    go(cast, session)
    before = AuditEvent.objects.filter(
        action="discharge.sheet", clients__contains=[session.client_id], outcome="ok"
    )
    assert sheet(cast, session, who).status_code == status
    assert before.count() == (status == 200)  # printing it is reading the record


def test_before_the_discharge_there_is_no_sheet(cast: Cast) -> None:
    session = people.ready_dose(cast)
    answer = sheet(cast, session)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
