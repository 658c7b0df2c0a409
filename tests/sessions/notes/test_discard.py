"""A draft on the wrong session is thrown away, and the right one can be written."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from sessions.notes.models import Note, NoteDiscard
from sessions.notes.selectors import signed_notes_problem
from tests import cast as people
from tests.cast import Cast
from tests.sessions.notes.writing import Book, begun

WHY = {"reason": "It is about another session"}


def discard(cast: Cast, note: Note, *, by: str = "therapist", body: dict[str, Any] | None = None) -> Any:
    return cast.desk(by).post(f"notes/{note.pk}/discard/", WHY if body is None else body)


def test_a_draft_is_discarded_and_another_can_be_written(cast: Cast, book: Book) -> None:
    session = book["preparation"]
    note = people.written_note(session, by=cast.therapist)
    answer = discard(cast, note)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    told = {"at": clock.now().isoformat().replace("+00:00", "Z"), "by": str(cast.therapist.pk), **WHY}
    assert (body["status"], body["voided"], body["allowed_moves"]) == ("discarded", told, [])
    assert body["sections"] == {"text": "said privately"}
    again = people.written_note(session, by=cast.therapist)
    listed = cast.desk("therapist").get("notes/", session=str(session.pk)).json()["results"]
    assert {row["id"]: row["voided"] for row in listed} == {str(note.pk): told, str(again.pk): None}
    assert signed_notes_problem() is None


@pytest.mark.parametrize("move", ["discard", "sign", "cosign", "addenda"])
def test_nothing_more_is_done_with_it(cast: Cast, book: Book, move: str) -> None:
    note = people.written_note(book["preparation"], by=cast.therapist)
    assert discard(cast, note).status_code == 200
    bodies = {"discard": WHY, "addenda": WHY | {"text": "More"}}
    body = bodies.get(move, {"password": people.PASSWORD})
    by = "other_therapist" if move == "cosign" else "therapist"
    answer = cast.desk(by).post(f"notes/{note.pk}/{move}/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    edited = cast.desk("therapist").patch(f"notes/{note.pk}/", {"sections": {"text": "other"}})
    assert edited.status_code == 409
    note.refresh_from_db()
    assert note.status == "discarded"


def test_a_signed_note_is_never_discarded(cast: Cast, book: Book) -> None:
    begun(book["preparation"])
    note = people.signed_note(book["preparation"], by=cast.therapist)
    for by in ("therapist", "director"):
        answer = discard(cast, note, by=by)
        assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")
    assert not NoteDiscard.objects.exists()


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("therapist", 200),
        ("director", 200),
        ("other_therapist", 403),
        ("prescriber", 403),
        ("frontdesk", 403),
        ("billing", 403),
        ("south_therapist", 404),
    ],
)
def test_its_author_or_the_director_discards_it(cast: Cast, book: Book, by: str, status: int) -> None:
    note = people.written_note(book["preparation"], by=cast.therapist)
    assert discard(cast, note, by=by).status_code == status
    note.refresh_from_db()
    assert note.status == ("discarded" if status == 200 else "draft")


def test_half_a_request_discards_nothing(cast: Cast, book: Book) -> None:
    note = people.written_note(book["preparation"], by=cast.therapist)
    for body in ({}, {"reason": "x"}, WHY | {"colour": "blue"}):
        assert discard(cast, note, body=body).status_code == 400
    note.refresh_from_db()
    assert (note.status, NoteDiscard.objects.count()) == ("draft", 0)


def test_the_database_keeps_it_as_it_is(cast: Cast, book: Book) -> None:
    note = people.written_note(book["preparation"], by=cast.therapist)
    assert discard(cast, note).status_code == 200
    with pytest.raises(DatabaseError), transaction.atomic():
        Note.objects.get(pk=note.pk).save_by(cast.therapist, at=clock.now())
