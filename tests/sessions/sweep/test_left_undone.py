"""What is left open, unsigned or undelivered is a row with a due time and an owner, settled by the fact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail import services as trail
from kapclinic.trail.models import Outbox, Task
from programs.models import Program
from sessions.booking.models import Session
from sessions.notes.models import OwedNote
from sessions.sweep.steps import sweep
from tests.asking import sql
from tests.cast import (
    MONDAY,
    PASSWORD,
    Cast,
    booked,
    checked_in_session,
    colleague,
    completed_dose,
    completed_session,
    ended_session,
    opened_program,
    started_session,
    team,
    written_note,
)

HOUR = timedelta(hours=1)
CONSOLE = "django.core.mail.backends.console.EmailBackend"


@pytest.fixture
def program(cast: Cast) -> Program:
    return opened_program(cast)


def rows(kind: str) -> list[Task]:
    return list(Task.objects.open().filter(kind=kind))


def swept(kind: str, at: datetime) -> Task | None:
    """The one row of this kind after two passes of the sweep, None when there is none."""
    for _ in range(2):
        sweep(at=at)
    found = rows(kind)
    assert len(found) <= 1
    return found[0] if found else None


# --- session_left_open ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", [checked_in_session, started_session])
def test_a_session_left_open_past_its_day_is_a_row_until_somebody_ends_it(
    cast: Cast, program: Program, reach: Any
) -> None:
    session = booked(cast, program, "preparation", MONDAY)
    reach(session, by=cast.therapist)
    late = session.ends_at + 12 * HOUR
    assert swept("session_left_open", late - timedelta(seconds=1)) is None
    row = swept("session_left_open", late)
    assert row is not None
    assert (row.due_at, row.assignee, row.client) == (late, cast.therapist.pk, session.client_id)
    assert {"front_desk", "therapist"} <= set(row.roles)
    with clock.fixed(late):
        cast.desk("frontdesk").must(f"tasks/{row.pk}/done/", {"outcome": "seen"})
        assert swept("session_left_open", late) is not None  # a tick ends no session
        moment = session.ends_at.isoformat()
        if reach is checked_in_session:
            cast.desk("therapist").must(f"sessions/{session.pk}/start/", {"at": MONDAY.isoformat()})
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/", {"at": moment})
    assert rows("session_left_open") == []
    assert swept("session_left_open", late + HOUR) is None


def test_who_never_came_leaves_no_session_open(cast: Cast, program: Program) -> None:
    session = booked(cast, program, "preparation", MONDAY)
    assert swept("session_left_open", session.ends_at + 20 * HOUR) is None


# --- note_unsigned ----------------------------------------------------------------------------------------------------


def sign(cast: Cast, who: str, note: Any, **more: Any) -> None:
    cast.desk(who).must(f"notes/{note.pk}/sign/", {"password": PASSWORD} | more)


def test_a_completed_session_without_a_note_is_a_row_of_its_therapist(cast: Cast, program: Program) -> None:
    session = completed_session(cast, program, starts_at=MONDAY)
    at = session.ends_at
    (row,) = rows("note_unsigned")  # with the completion, whatever the sweep does
    assert (row.due_at, row.assignee) == (at + 72 * HOUR, cast.therapist.pk)
    assert (row.subject_type, row.roles) == ("owed_note", ["therapist"])
    assert OwedNote.objects.get(pk=row.subject_id).session_id == session.pk
    listed = cast.desk("therapist").get("tasks/", kind="note_unsigned").data["results"]
    assert [str(one["session"]) for one in listed] == [str(session.pk)]
    assert swept("note_unsigned", at) == row
    with clock.fixed(at):
        note = written_note(session, by=cast.therapist)
        assert swept("note_unsigned", at) == row  # a draft is no note
        sign(cast, "therapist", note)
    assert rows("note_unsigned") == []
    assert swept("note_unsigned", at + HOUR) is None


def test_each_clinician_of_a_dose_owes_a_note_of_their_own(cast: Cast) -> None:
    with clock.fixed(MONDAY):
        session = completed_dose(cast, staff=team(cast, "np", "therapist", "prescriber"))
    over = session.completed_at
    assert over is not None
    owners = {row.assignee: row.roles for row in rows("note_unsigned")}
    people = {"np": "nurse_practitioner", "therapist": "therapist", "prescriber": "prescriber"}
    assert owners == {cast.people[name].pk: [role] for name, role in people.items()}
    assert {row.due_at for row in rows("note_unsigned")} == {over + 72 * HOUR}
    with clock.fixed(over):
        sign(cast, "np", written_note(session, by=cast.np))
    for at in (over, over + 72 * HOUR):
        sweep(at=at)
        assert {row.assignee for row in rows("note_unsigned")} == {cast.therapist.pk, cast.prescriber.pk}
    assert all("medical_director" in row.roles for row in rows("note_unsigned"))
    count = Outbox.objects.count()
    sweep(at=over + 73 * HOUR)
    assert {row.escalation for row in rows("note_unsigned")} == {1}  # it climbs once
    assert Outbox.objects.count() == count


def test_a_draft_stays_its_authors_though_a_colleague_signed(cast: Cast, program: Program) -> None:
    session = completed_session(cast, program, starts_at=MONDAY)
    locum = colleague(cast, "locum", "therapist")
    with clock.fixed(session.ends_at):
        mine, theirs = written_note(session, by=cast.therapist), written_note(session, by=locum)
        sign(cast, "therapist", mine)
        row = swept("note_unsigned", session.ends_at)
        assert row is not None
        assert row.assignee == locum.pk
        sign(cast, "locum", theirs, covering_reason="Was there in part")
    assert rows("note_unsigned") == []


def test_who_signs_in_somebodys_place_settles_what_they_owe(cast: Cast, program: Program) -> None:
    session = completed_session(cast, program, starts_at=MONDAY)
    locum = colleague(cast, "locum", "therapist")
    with clock.fixed(session.ends_at):
        note = written_note(session, by=locum)
        sweep(at=clock.now())
        assert {row.assignee for row in rows("note_unsigned")} == {cast.therapist.pk, locum.pk}
        sign(cast, "locum", note, covering_reason="The therapist is ill")
        assert cast.desk("therapist").get("notes/inbox/").data["to_write"] == []
    assert swept("note_unsigned", session.ends_at) is None


def test_a_completion_that_is_undone_asks_nobody_and_done_again_asks_again(
    cast: Cast, program: Program
) -> None:
    session = completed_session(cast, program, starts_at=MONDAY)
    (row,) = rows("note_unsigned")
    with clock.fixed(session.ends_at):
        body = {"move": "complete", "reason": "Still here"}
        cast.desk("therapist").must(f"sessions/{session.pk}/undo/", body)
        assert swept("note_unsigned", clock.now()) is None
        again = {"at": session.ends_at.isoformat()}
        cast.desk("therapist").must(f"sessions/{session.pk}/complete/", again)
    (anew,) = rows("note_unsigned")
    assert (anew.subject_id, anew.assignee) == (row.subject_id, row.assignee)
    assert OwedNote.objects.count() == 1


def test_a_row_about_the_whole_session_gives_way_to_those_of_its_clinicians(
    cast: Cast, program: Program
) -> None:
    session = completed_session(cast, program, starts_at=MONDAY)
    (row,) = rows("note_unsigned")
    more = {"location": session.location_id, "due_at": row.due_at, "by": cast.admin, "at": MONDAY}
    trail.open_task(kind="note_unsigned", subject_type="session", subject_id=session.pk, **more)
    sql("INSERT INTO trail_changed (topic, subject_id) VALUES ('note_unsigned', %s)", session.pk)
    assert swept("note_unsigned", session.ends_at) == row


def test_a_note_that_is_not_owed_is_not_asked_for(cast: Cast, program: Program) -> None:
    absent = booked(cast, program, "preparation", MONDAY)
    with clock.fixed(absent.ends_at):
        ended_session(absent, "no_show", by=cast.frontdesk)
        assert swept("note_unsigned", clock.now()) is None
        written_note(absent, by=cast.therapist)  # somebody began to say what was done about it
        assert swept("note_unsigned", clock.now()) is not None


def test_a_draft_of_a_session_that_was_cancelled_once_begun_is_asked_for(
    cast: Cast, program: Program
) -> None:
    session = booked(cast, program, "preparation", MONDAY)
    checked_in_session(session, by=cast.therapist)
    note = written_note(session, by=cast.therapist)
    ended_session(session, "cancel", by=cast.frontdesk)
    row = swept("note_unsigned", session.ends_at)
    assert row is not None
    assert (row.assignee, row.client) == (cast.therapist.pk, session.client_id)
    cast.desk("therapist").must(f"notes/{note.pk}/discard/", {"reason": "Nothing took place"})
    assert swept("note_unsigned", session.ends_at) is None


# --- reminder_undelivered ---------------------------------------------------------------------------------------------


@pytest.fixture
def reminded(cast: Cast, program: Program) -> Session:
    """A session to come whose client was reminded by e-mail, as far as the outbox knows."""
    session = booked(cast, program, "preparation", MONDAY + 48 * HOUR)
    Outbox.objects.create(
        key=f"reminder:{session.pk}:{session.starts_at:%Y%m%dT%H%M%SZ}:24:email",
        template="reminder_before",
        channel="email",
        recipient_kind="client",
        recipient=session.client_id,
        subject_id=session.pk,
        status="sent",
        sent_at=MONDAY,
        next_at=MONDAY,
        created_at=MONDAY,
    )
    return session


def test_reminders_that_left_for_a_console_are_one_row_a_location(
    reminded: Session, cast: Cast, settings: Any
) -> None:
    settings.EMAIL_BACKEND = CONSOLE
    assert swept("reminder_undelivered", MONDAY) is None  # with the embedded pair that is meant
    settings.EMBEDDED = False
    row = swept("reminder_undelivered", MONDAY)
    assert row is not None
    assert (row.location, row.subject_id, row.client) == (cast.north.pk, cast.north.pk, None)
    assert (row.due_at, set(row.roles)) == (MONDAY, {"front_desk", "medical_director", "admin"})
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert swept("reminder_undelivered", MONDAY) is None


def test_a_reminder_of_a_session_that_is_over_is_no_matter_any_more(reminded: Session, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMBEDDED = CONSOLE, False
    assert swept("reminder_undelivered", MONDAY) is not None
    assert swept("reminder_undelivered", reminded.starts_at) is None
