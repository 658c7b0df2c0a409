"""How long the author cared for the client: as they say, else as the session went; closed by the signature."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from kapclinic.practice.models import User
from sessions.booking.models import Session
from sessions.notes import rules, services
from sessions.notes.models import Note
from sessions.visits import services as visits
from tests.asking import done, refused, sql
from tests.cast import (
    MONDAY,
    PASSWORD,
    Cast,
    booked,
    completed_session,
    opened_program,
    started_session,
    written_note,
)

ENDED = MONDAY + timedelta(minutes=60)
SAID = {"service_started_at": "2026-05-04T15:05:00Z", "service_ended_at": "2026-05-04T15:58:00Z"}


def hour(cast: Cast, **more: Any) -> Session:
    """A preparation hour of nine o'clock that took place."""
    return completed_session(cast, opened_program(cast), starts_at=MONDAY, **more)


def write(cast: Cast, session: Session, who: str = "therapist", **more: Any) -> Any:
    words = {"session": str(session.pk), "kind": session.kind, "frame": "free", "sections": {"text": "Met."}}
    return cast.desk(who).post("notes/", words | more)


def sign(cast: Cast, note: dict[str, Any], who: str = "therapist") -> Any:
    return cast.desk(who).post(f"notes/{note['id']}/sign/", {"password": PASSWORD})


def test_what_the_author_says_is_closed_with_the_words(cast: Cast) -> None:
    session = hour(cast)
    with clock.fixed(ENDED):
        draft = done(write(cast, session, **SAID), 201)
        assert {name: draft[name] for name in SAID} == SAID
        assert draft["minutes_source"] == ""
        later = {"service_ended_at": "2026-05-04T15:59:00Z"}
        changed = done(cast.desk("therapist").patch(f"notes/{draft['id']}/", later, match='"1"'), 200)
        assert changed["service_ended_at"] == later["service_ended_at"]
        signed = done(sign(cast, draft), 200)
    assert (signed["minutes_source"], signed["service_ended_at"]) == ("said", later["service_ended_at"])
    note = Note.objects.get()
    assert rules.service_minutes(note) == 54
    assert rules.fault(note, []) is None
    note.service_ended_at = ENDED
    assert rules.fault(note, []) == "was changed after it was signed"
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        sql("UPDATE clinic_sessions_note SET service_ended_at = now()")


def test_without_a_word_the_session_tells(cast: Cast) -> None:
    session = hour(cast, minutes=45)
    with clock.fixed(ENDED):
        signed = done(sign(cast, done(write(cast, session), 201)), 200)
    assert (signed["minutes_source"], signed["service_started_at"], signed["service_ended_at"]) == (
        "session",
        "2026-05-04T15:00:00Z",
        "2026-05-04T15:45:00Z",
    )


def test_a_word_is_taken_back_by_null(cast: Cast) -> None:
    session = hour(cast)
    with clock.fixed(ENDED):
        draft = done(write(cast, session, **SAID), 201)
        none = dict.fromkeys(SAID)
        done(cast.desk("therapist").patch(f"notes/{draft['id']}/", none, match='"1"'), 200)
        assert done(sign(cast, draft), 200)["minutes_source"] == "session"


def test_a_note_that_is_signed_before_the_end_counts_to_the_end(cast: Cast) -> None:
    session = booked(cast, opened_program(cast), "preparation", MONDAY, override_reason="As asked")
    started_session(session, by=cast.therapist)
    signed = done(sign(cast, done(write(cast, session), 201)), 200)
    assert (signed["minutes_source"], signed["service_ended_at"]) == ("session", None)
    note = Note.objects.select_related("session").get()
    assert rules.service_minutes(note) is None
    with clock.fixed(ENDED):
        visits.complete(session_id=session.pk, by=cast.therapist, moment=ENDED, at=ENDED)
    note = Note.objects.select_related("session").get()
    assert rules.service_minutes(note) == 60


@pytest.mark.parametrize(
    ("said", "pointer", "code"),
    [
        ({"service_ended_at": None}, "/service_ended_at", "required"),
        ({"service_started_at": None}, "/service_started_at", "required"),
        ({"service_ended_at": "2026-05-04T15:05:00Z"}, "/service_ended_at", "reversed"),
        ({"service_ended_at": "2026-05-04T16:01:00Z"}, "/service_ended_at", "in_future"),
        ({"service_started_at": "2026-05-03T15:05:00Z"}, "/service_started_at", "other_day"),
        ({"service_started_at": "2026-05-04T15:05:00"}, "/service_started_at", "offset_required"),
    ],
)
def test_times_that_can_not_be_are_refused(cast: Cast, said: dict[str, Any], pointer: str, code: str) -> None:
    session = hour(cast)
    with clock.fixed(ENDED):
        refused(write(cast, session, **(SAID | said)), 400, code, pointer)
        assert not Note.objects.exists()
        draft = done(write(cast, session), 201)
        patched = cast.desk("therapist").patch(f"notes/{draft['id']}/", SAID | said, match='"1"')
        refused(patched, 400, code, pointer)
    assert Note.objects.get().service_started_at is None


def test_a_nurse_writes_up_a_medical_visit(cast: Cast) -> None:
    program = opened_program(cast)
    who = ("prescriber", "np")
    session = completed_session(cast, program, starts_at=MONDAY, kind="medical", who=who)
    with clock.fixed(ENDED):
        note = done(write(cast, session, "np"), 201)
        assert done(sign(cast, note, "np"), 200)["status"] == "signed"
        refused(write(cast, session, "therapist"), 403, "not_permitted")


@pytest.mark.parametrize(
    ("role", "session_kind", "kind"),
    [
        ("nurse_practitioner", "medical", "medical"),
        ("nurse_practitioner", "maintenance", "medical"),
        ("therapist", "maintenance", "integration"),
        ("prescriber", "dosing", "dosing"),
        ("prescriber", "preparation", "medical"),
    ],
)
def test_each_clinician_owes_a_note_of_their_own_kind(role: str, session_kind: str, kind: str) -> None:
    assert rules.note_kind_of(User(roles=[role]), session_kind=session_kind) == kind


def test_the_billing_desk_reads_no_note(cast: Cast) -> None:
    session = hour(cast)
    with clock.fixed(ENDED):
        note = written_note(session, by=cast.therapist)
    for who in ("billing", "frontdesk"):
        assert cast.desk(who).get(f"notes/{note.pk}/").status_code == 403


def test_a_night_is_of_the_day_on_which_it_began(cast: Cast) -> None:
    """Past midnight the care still counts for the session's day."""
    late = datetime.fromisoformat("2026-05-05T05:30:00+00:00")  # 23:30 in Denver
    with clock.fixed(late):
        session = completed_session(cast, opened_program(cast), starts_at=late)
    with clock.fixed(late + timedelta(hours=1)):
        care: Any = {"service_started_at": late, "service_ended_at": late + timedelta(minutes=55)}
        words = {"frame": "free", "sections": {"text": "Met."}}
        services.write_note(
            session_id=session.pk, kind=session.kind, **words, care=care, by=cast.therapist, at=clock.now()
        )
