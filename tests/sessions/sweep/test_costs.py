"""A pass costs by what is due or has changed, however much is closed or waits; and nothing that changed is missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session as Login
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM
from kapclinic.trail import seals
from kapclinic.trail import services as trail
from kapclinic.trail.models import AuditEvent, AuditSeal, Changed, IdempotencyRecord, Task
from sessions.booking.models import Session
from sessions.notes.models import OwedNote
from sessions.notes.services import unsigned
from sessions.sweep.steps import sweep
from tests import cast as people
from tests.cast import MONDAY, PASSWORD, Cast, colleague, completed_session, opened_program, written_note

LATE = MONDAY + timedelta(hours=8)
NOTHING_DUE = 77  # statements of a whole pass, savepoints counted


@pytest.fixture
def session(cast: Cast) -> Session:
    return completed_session(cast, opened_program(cast), starts_at=MONDAY)


def settled(at: Any = LATE) -> None:
    """Passes until nothing is left to look at: what a pass writes may be looked at once more."""
    for _ in range(3):
        sweep(at=at)


def statements(at: Any = LATE) -> int:
    with CaptureQueriesContext(connection) as asked:
        sweep(at=at)
    return len(asked)


def test_a_pass_with_nothing_due_asks_little_however_much_is_there(cast: Cast, session: Session) -> None:
    settled()
    few = statements()
    program = session.program
    for day in range(1, 4):
        completed_session(cast, program, starts_at=MONDAY + timedelta(days=day))
    after = LATE + timedelta(days=4)
    settled(after)
    assert Task.objects.open().filter(kind="note_unsigned").count() == 4
    assert statements(after) <= few <= NOTHING_DUE


# --- what changed -------------------------------------------------------------------------------------------------------


def noted(kind: str = "note_unsigned") -> set[Any]:
    return set(Changed.objects.filter(topic=kind).values_list("subject_id", flat=True))


def draft(cast: Cast, session: Session) -> None:
    written_note(session, by=colleague(cast, "locum", "therapist"))


def sign(cast: Cast, session: Session) -> None:
    note = written_note(session, by=cast.therapist)
    cast.desk("therapist").must(f"notes/{note.pk}/sign/", {"password": PASSWORD})


def tick(cast: Cast, session: Session) -> None:
    row = Task.objects.open().get(kind="note_unsigned")
    cast.desk("therapist").must(f"tasks/{row.pk}/done/", {"outcome": "seen"})


def therapist(cast: Cast, session: Session) -> None:
    session.program.therapist = colleague(cast, "locum", "therapist")
    session.program.save_by(cast.admin, at=LATE)


@pytest.mark.parametrize("change", [draft, sign, tick, therapist])
def test_what_the_row_of_a_note_hangs_on_is_noted_when_it_changes(
    cast: Cast, session: Session, change: Callable[[Cast, Session], None]
) -> None:
    settled()
    assert noted() == set()
    with clock.fixed(LATE):
        change(cast, session)
    owed = set(OwedNote.objects.filter(session=session).values_list("pk", flat=True))
    assert noted()
    assert noted() <= {session.pk, *owed}
    settled()
    assert noted() == set()
    assert Task.objects.open().filter(kind="note_unsigned").exists() == (change is not sign)


def test_a_booking_notes_nothing(cast: Cast) -> None:
    program = opened_program(cast)
    Changed.objects.all().delete()
    booked = people.booked(cast, program, "preparation", MONDAY)
    people.checked_in_session(booked, by=cast.therapist)
    assert not Changed.objects.exists()


def test_a_look_that_fails_is_had_again(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> int:
        raise ValueError("bad row")

    with monkeypatch.context() as patched:
        patched.setattr(unsigned, "keep_listed", fails)
        with pytest.raises(ValueError, match="bad row"):
            unsigned.sweep_unsigned(at=LATE)
    assert noted() == {session.pk}
    assert unsigned.sweep_unsigned(at=LATE) == 0  # the row stands since the completion
    assert noted() == set()


def test_what_changes_during_a_look_is_looked_at_again(cast: Cast, session: Session) -> None:
    def look(batch: Any) -> int:
        written_note(session, by=cast.therapist)
        return len(batch)

    assert trail.look_at_changed("note_unsigned", look) == 1
    assert noted() == {session.pk}


# --- seals and old answers ----------------------------------------------------------------------------------------------


def test_a_pass_seals_until_nothing_is_left(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "SEAL_BATCH", 4)
    act = {"action": "client.retrieve", "object_type": "client", "at": MONDAY}
    for _ in range(10):
        trail.log_act(by=uuid4(), roles=["therapist"], **act)
    waiting = AuditEvent.objects.filter(seal__isnull=True).count()
    assert waiting >= 10
    assert trail.seal_events() == waiting
    assert trail.seal_events() == 0
    chain = AuditSeal.objects.order_by("sequence").select_related("event")
    assert trail.rules.first_broken(chain) is None


def test_a_pass_forgets_the_oldest_answers_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "FORGOTTEN", 2)
    for days in (6, 8, 9, 10):
        IdempotencyRecord.objects.create(
            user_id=uuid4(),
            method="POST",
            path="/",
            key=str(days),
            status=201,
            created_at=MONDAY - timedelta(days=days),
        )
    left = [trail.forget_old_answers(by=SYSTEM, at=MONDAY) for _ in range(3)]
    assert left == [2, 1, 0]
    assert [row.key for row in IdempotencyRecord.objects.all()] == ["6"]
    told = AuditEvent.objects.filter(action="retention.forgotten", created_by=SYSTEM.pk).order_by("id")
    assert [event.detail["count"] for event in told] == [2, 1]
    soon = MONDAY + timedelta(
        days=1, minutes=59
    )  # of age, but not for an hour: it goes with the others of that hour
    assert trail.forget_old_answers(by=SYSTEM, at=soon) == 0
    assert trail.forget_old_answers(by=SYSTEM, at=soon + timedelta(minutes=2)) == 1


def test_logins_that_ended_are_forgotten_and_counted(cast: Cast) -> None:
    for name, hours in (("here", -1), ("yesterday", 20), ("gone", 26), ("long gone", 400)):
        Login.objects.create(session_key=name, session_data="", expire_date=MONDAY - timedelta(hours=hours))
    assert trail.forget_ended_logins(by=SYSTEM, at=MONDAY) == 2
    assert trail.forget_ended_logins(by=SYSTEM, at=MONDAY) == 0
    assert {row.pk for row in Login.objects.all()} == {"here", "yesterday"}
    (told,) = AuditEvent.objects.filter(action="retention.forgotten", object_type="login")
    assert (told.detail["count"], told.created_by) == (2, SYSTEM.pk)
