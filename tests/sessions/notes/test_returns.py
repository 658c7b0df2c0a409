"""A cosigner gives a note back: it is a draft again, and the signature that fell is kept with the comment."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from kapclinic.trail.models import Task
from sessions.notes import rules, selectors
from sessions.notes.models import Note, NoteReturn
from tests.asking import refused, sql
from tests.cast import Cast, colleague
from tests.sessions.notes.writing import DAP, NOTES, Book, patch, sign, write

RETURNS = "clinic_sessions_notereturn"
COMMENT = {"comment": "Say what was agreed for Friday."}


def give_back(cast: Cast, who: str, note: str, body: dict[str, Any] | None = None) -> Any:
    return cast.desk(who).post(f"{NOTES}{note}/return/", COMMENT if body is None else body)


@pytest.fixture
def pending(cast: Cast, book: Book) -> str:
    note: str = write(cast, book, "trainee").data["id"]
    sign(cast, "trainee", note)
    return note


def test_a_returned_note_is_written_and_signed_again(cast: Cast, book: Book, pending: str) -> None:
    before = Note.objects.get()
    answer = give_back(cast, "therapist", pending)
    assert answer.status_code == 200, answer.content
    told = answer.data
    assert (told["status"], told["sections"], told["signed_at"], told["signed_as"]) == (
        "draft",
        None,
        None,
        None,
    )
    assert [(row["by_name"], row["comment"]) for row in told["returns"]] == [
        ("Therapist", COMMENT["comment"])
    ]
    assert Task.objects.get(kind="note_cosign").outcome == "returned"
    row = Note.objects.get()
    assert (row.signature, row.content_hash, row.minutes_source) == ("", "", "")
    assert (row.service_started_at, row.service_ended_at) == (None, None)  # they were the session's, not said
    kept = NoteReturn.objects.get()
    assert (kept.signed_at, kept.signature, kept.content_hash) == (
        before.signed_at,
        before.signature,
        before.content_hash,
    )

    own = cast.desk("trainee").get(f"{NOTES}{pending}/").data
    assert (own["sections"], own["returns"][0]["comment"]) == (DAP, COMMENT["comment"])
    assert (
        cast.desk("other_therapist").get(f"{NOTES}{pending}/").data["returns"] == []
    )  # it may quote the draft
    assert [one["id"] for one in cast.desk("trainee").get(f"{NOTES}inbox/").data["drafts"]] == [pending]
    patch(cast, "trainee", pending, {"sections": DAP | {"plan": "Meet on Friday at ten."}}, etag='"3"')
    assert sign(cast, "trainee", pending).data["status"] == "cosign_pending"
    assert Task.objects.open().filter(kind="note_cosign").count() == 1
    signed = sign(cast, "therapist", pending, move="cosign").data
    assert (signed["status"], len(signed["returns"])) == ("signed", 1)
    assert selectors.signed_notes_problem() is None
    assert len(cast.desk("np").get(f"{NOTES}{pending}/").data["returns"]) == 1


def test_times_that_the_author_said_stay_said(cast: Cast, book: Book) -> None:
    session = book["integration"]
    care = {
        "service_started_at": session.starts_at.isoformat(),
        "service_ended_at": session.ends_at.isoformat(),
    }
    with clock.fixed(session.ends_at):
        note = write(cast, book, "trainee", **care).data["id"]
        sign(cast, "trainee", note)
        told = give_back(cast, "therapist", note).data
    row = Note.objects.get()
    assert (row.service_started_at, row.minutes_source, told["missing"]) == (session.starts_at, "", [])


@pytest.mark.parametrize(
    ("column", "value"), [("is_active", False), ("roles", ["front_desk"]), ("locations", "south")]
)
def test_a_note_is_not_returned_to_who_can_not_sign_it_any_more(
    cast: Cast, pending: str, column: str, value: Any
) -> None:
    trainee = cast.people["trainee"]
    setattr(trainee, column, [cast.south.pk] if value == "south" else value)
    trainee.save_by(cast.admin, at=clock.now())
    before = Note.objects.values().get()
    refused(give_back(cast, "therapist", pending), 409, "author_gone")
    assert (Note.objects.values().get(), NoteReturn.objects.count()) == (before, 0)
    assert Task.objects.open().filter(kind="note_cosign").count() == 1

    assert sign(cast, "therapist", pending, move="cosign").data["status"] == "signed"
    added = cast.desk("therapist").post(
        f"{NOTES}{pending}/addenda/", {"reason": "Put right", "text": COMMENT["comment"]}
    )
    assert added.status_code == 201, added.content


@pytest.mark.parametrize("who", ["trainee", "np", "director", "frontdesk", "billing", "admin"])
def test_who_does_not_cosign_returns_nothing(cast: Cast, pending: str, who: str) -> None:
    before = Note.objects.values().get()
    assert give_back(cast, who, pending).status_code == 403
    assert (Note.objects.values().get(), NoteReturn.objects.count()) == (before, 0)


def test_a_note_is_returned_with_a_comment_by_somebody_licensed_while_it_waits(
    cast: Cast, book: Book, pending: str
) -> None:
    colleague(cast, "novice", "therapist", needs_cosign=True)
    assert give_back(cast, "novice", pending).status_code == 403
    assert give_back(cast, "south_therapist", pending).status_code == 404
    for wrong in ({}, {"comment": "  "}, {"comment": "x" * 1001}, COMMENT | {"status": "draft"}):
        assert give_back(cast, "therapist", pending, wrong).status_code == 400
    assert NoteReturn.objects.count() == 0
    give_back(cast, "therapist", pending)
    refused(give_back(cast, "prescriber", pending), 409, "illegal_transition")
    sign(cast, "trainee", pending)
    sign(cast, "therapist", pending, move="cosign")
    refused(give_back(cast, "prescriber", pending), 409, "illegal_transition")
    assert (Note.objects.get().status, NoteReturn.objects.count()) == ("signed", 1)


def test_the_database_returns_only_what_waits_and_never_the_words(
    cast: Cast, book: Book, pending: str
) -> None:
    fallen = "status = 'draft', signed_at = NULL, signed_by_id = NULL, signed_as = NULL, content_hash = '', signature = ''"
    row = Note.objects.get()
    insert = (
        f"INSERT INTO {RETURNS} (id, created_at, created_by, note_id, returned_by_id, comment, signed_at, signature,"
        " content_hash) VALUES (gen_random_uuid(), now(), %s, %s, %s, 'x', %s, %s, %s)"
    )
    facts = (row.signed_at, row.signature, row.content_hash)

    def no(match: str, statement: str, *params: Any) -> None:
        with pytest.raises(DatabaseError, match=match), transaction.atomic():
            sql(statement, *params)

    no("frozen", f"UPDATE clinic_sessions_note SET {fallen}")  # without a word of why
    no("second signature", insert, cast.trainee.pk, row.pk, cast.trainee.pk, *facts)  # its own author
    no("note_return_by", insert, cast.np.pk, row.pk, cast.therapist.pk, *facts)
    sql(insert, cast.therapist.pk, row.pk, cast.therapist.pk, *facts)
    no("frozen", f"UPDATE clinic_sessions_note SET {fallen}, sections = '{{}}'")
    no("permission denied|append-only|frozen", f"UPDATE {RETURNS} SET comment = 'y'")
    sql(f"UPDATE clinic_sessions_note SET {fallen}")
    no(
        "second signature", insert, cast.therapist.pk, row.pk, cast.therapist.pk, *facts
    )  # a draft does not wait


def test_a_signature_is_taken_back_whole() -> None:
    note = Note(
        minutes_source="session", signature="x", covering_reason="ill", content_hash="h", signed_as={}
    )
    rules.take_back_signature(note)
    assert (note.signature, note.covering_reason, note.content_hash, note.signed_as) == ("", "", "", None)
