"""A note is signed once its session has begun, by somebody who was on it or says why they cover."""

from __future__ import annotations

from typing import Any

import pytest

from kapclinic.core import clock
from sessions.booking.models import MoveUndo
from sessions.notes import rules
from sessions.notes.models import Note
from tests.asking import refused
from tests.cast import PASSWORD, Cast, checked_in_session, colleague, ended_session
from tests.sessions.notes.writing import NOTES, Book, begun, sign, write


def put_under(cast: Cast, who: str, note: str, **more: Any) -> Any:
    return cast.desk(who).post(f"{NOTES}{note}/sign/", {"password": PASSWORD} | more)


def unchanged() -> None:
    row = Note.objects.get()
    assert (row.status, row.version, row.covering_reason, row.content_hash) == ("draft", 1, "", "")


@pytest.mark.parametrize(
    ("kind", "who"), [("preparation", "therapist"), ("integration", "therapist"), ("medical", "prescriber")]
)
def test_nothing_is_signed_before_the_session_begins(cast: Cast, book: Book, kind: str, who: str) -> None:
    note = write(cast, book, who, kind).data["id"]
    refused(put_under(cast, who, note), 409, "session_not_begun")
    refused(put_under(cast, who, note, covering_reason="I know what will be said"), 409, "session_not_begun")
    unchanged()
    begun(book[kind])
    assert put_under(cast, who, note).status_code == 200


@pytest.mark.parametrize("kind", ["preparation", "dosing", "integration"])
def test_who_was_not_on_the_session_says_why_they_sign(cast: Cast, book: Book, kind: str) -> None:
    colleague(cast, "locum", "therapist")
    note = write(cast, book, "locum", kind).data["id"]
    begun(book[kind])
    refused(put_under(cast, "locum", note), 409, "not_on_session")
    for empty in ("", "  ", "ab"):
        assert put_under(cast, "locum", note, covering_reason=empty).status_code == 400
    unchanged()
    signed = put_under(cast, "locum", note, covering_reason="The therapist is ill").data
    assert (signed["status"], signed["covering_reason"]) == ("signed", "The therapist is ill")
    row = Note.objects.get()
    assert row.content_hash == rules.content_hash(row)
    row.covering_reason = "Another reason"
    assert row.content_hash != rules.content_hash(row)


def test_a_reason_of_somebody_who_was_there_is_not_kept(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    begun(book["integration"])
    assert put_under(cast, "therapist", note, covering_reason="In case").data["covering_reason"] == ""


def test_a_medical_note_asks_nobody_where_they_were(cast: Cast, book: Book) -> None:
    colleague(cast, "locum", "prescriber")
    note = write(cast, book, "locum", "medical").data["id"]
    begun(book["medical"])
    assert put_under(cast, "locum", note).status_code == 200


def test_a_note_on_a_no_show_is_signed_and_opens_no_billing(cast: Cast, book: Book) -> None:
    session = book["integration"]
    with clock.fixed(session.ends_at):
        ended_session(session, "no_show", by=cast.frontdesk)
    note = write(cast, book).data["id"]
    assert sign(cast, "therapist", note).data["status"] == "signed"
    body = {"session": str(session.pk), "code": "90837", "units": 1, "amount": "100.00"}
    refused(cast.desk("billing").post("charges/", body), 409, "not_rendered")


@pytest.mark.parametrize(("move", "told"), [("check_in", "checked_in"), ("no_show", "no_show")])
def test_what_a_note_was_signed_on_is_not_undone(cast: Cast, book: Book, move: str, told: str) -> None:
    session = book["preparation"]
    with clock.fixed(session.ends_at):
        if move == "check_in":
            checked_in_session(session, by=cast.frontdesk)
        else:
            ended_session(session, "no_show", by=cast.frontdesk)
        note = write(cast, book, "therapist", "preparation").data["id"]
        desk, path, body = (
            cast.desk("director"),
            f"sessions/{session.pk}/undo/",
            {"move": move, "reason": "Wrong"},
        )
        sign(cast, "therapist", note)
        refused(desk.post(path, body), 409, "illegal_transition")
    session.refresh_from_db()
    assert (session.status, MoveUndo.objects.count()) == (told, 0)


def test_no_note_tells_of_a_visit_that_was_called_off_before_anybody_came(cast: Cast, book: Book) -> None:
    note = write(cast, book, "therapist", "preparation").data["id"]
    cast.desk("frontdesk").must(f"sessions/{book['preparation'].pk}/cancel/", {"reason": "Moved away"})
    refused(put_under(cast, "therapist", note), 409, "session_not_begun")
    unchanged()


def test_who_may_not_write_this_kind_any_more_neither_edits_nor_signs_it(cast: Cast, book: Book) -> None:
    note = write(cast, book, "therapist", "preparation").data["id"]
    begun(book["preparation"])
    body = {"roles": ["nurse_practitioner"]}
    assert cast.desk("admin").patch(f"staff/{cast.therapist.pk}/", body).status_code == 200
    cast.therapist.refresh_from_db()
    edited = cast.back("therapist").patch(f"{NOTES}{note}/", {"sections": {"text": "changed"}})
    refused(edited, 403, "not_permitted")
    refused(put_under(cast, "therapist", note), 403, "not_permitted")
    unchanged()
