"""The inbox: what a clinician has to write, to finish and to cosign; and their own phrases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent
from sessions.notes.models import Phrase
from tests.asking import done, events, refused
from tests.cast import MONDAY, Cast, completed_session, opened_program, written_note
from tests.sessions.notes.writing import NOTES, Book, patch, sign, write

HOUR = timedelta(hours=1)


def inbox(cast: Cast, who: str) -> dict[str, Any]:
    return done(cast.desk(who).get(f"{NOTES}inbox/"), 200)


def test_a_completed_session_waits_to_be_written_then_as_a_draft_then_no_more(cast: Cast) -> None:
    session = completed_session(cast, opened_program(cast), starts_at=MONDAY)
    over = session.completed_at
    assert over is not None
    with clock.fixed(over + 2 * HOUR):
        (row,) = inbox(cast, "therapist")["to_write"]
        assert (row["session"], row["kind"], row["client_name"]) == (
            str(session.pk),
            "preparation",
            "Robin Sample",
        )
        assert row["due_at"] == row["completed_at"].replace("04T", "07T")
        assert inbox(cast, "other_therapist") == {"to_write": [], "drafts": [], "to_cosign": []}
        written_note(session, by=cast.therapist)
    with clock.fixed(over + 5 * HOUR):
        told = inbox(cast, "therapist")
        assert told["to_write"] == []
        (draft,) = told["drafts"]
        assert (draft["age_hours"], draft["due_at"], draft["kind"]) == (3.0, row["due_at"], "preparation")
        assert "sections" not in draft
        sign(cast, "therapist", draft["id"])
        assert inbox(cast, "therapist") == {"to_write": [], "drafts": [], "to_cosign": []}
    assert events("note.inbox")[-2] == (cast.therapist.pk, "ok", [session.client_id])


def test_what_waits_for_a_second_signature_waits_for_whoever_may_give_it(cast: Cast, book: Book) -> None:
    note = write(cast, book, "trainee").data["id"]
    sign(cast, "trainee", note)
    for who, seen in (
        ("therapist", [note]),
        ("prescriber", [note]),
        ("trainee", []),
        ("np", []),
        ("south_therapist", []),
    ):
        assert [row["id"] for row in inbox(cast, who)["to_cosign"]] == seen, who
    (row,) = inbox(cast, "therapist")["to_cosign"]
    assert (row["author_name"], row["kind"]) == ("Trainee", "integration")
    sign(cast, "therapist", note, move="cosign")
    assert inbox(cast, "prescriber")["to_cosign"] == []


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin", "director"])
def test_who_writes_no_notes_has_no_inbox(cast: Cast, who: str) -> None:
    assert cast.desk(who).get(f"{NOTES}inbox/").status_code == 403
    assert cast.desk(who).get("phrases/").status_code == 403


def test_an_inbox_costs_the_same_however_full(cast: Cast, django_assert_num_queries: Any) -> None:
    program = opened_program(cast)
    for day in range(3):
        session = completed_session(cast, program, starts_at=MONDAY + timedelta(days=day))
        if day:
            written_note(session, by=cast.therapist)
    desk = cast.desk("therapist")
    with django_assert_num_queries(5):  # who asks, three lists, and the event of the access log
        desk.get(f"{NOTES}inbox/")


# --- phrases ------------------------------------------------------------------------------------------------------


def test_a_phrase_is_its_authors_alone(cast: Cast) -> None:
    desk, body = cast.desk("therapist"), {"name": "grounded", "text": "Feet on the floor,\nbreathing slows. "}
    phrase = done(desk.post("phrases/", body), 201)
    assert (phrase["name"], phrase["text"]) == (body["name"], body["text"])
    refused(desk.post("phrases/", body), 409, "phrase_exists")
    assert cast.desk("other_therapist").post("phrases/", body).status_code == 201  # a name is free to others
    assert [row["id"] for row in desk.get("phrases/").data["results"]] == [phrase["id"]]
    path = f"phrases/{phrase['id']}/"
    for who in ("other_therapist", "prescriber"):
        other = cast.desk(who)
        assert other.get(path).status_code == 404
        assert other.patch(path, {"text": "x"}, match='"1"').status_code == 404
        assert other.client.delete(f"/api/v1/{path}").status_code == 404
    second = done(desk.post("phrases/", body | {"name": "rested"}), 201)
    refused(desk.patch(f"phrases/{second['id']}/", {"name": "grounded"}, match='"1"'), 409, "phrase_exists")
    changed = done(desk.patch(path, {"text": "Breathing slows."}, match='"1"'), 200)
    assert (changed["text"], changed["version"]) == ("Breathing slows.", 2)
    assert desk.patch(path, {"text": "x"}, match='"1"').status_code == 412
    assert desk.client.delete(f"/api/v1/{path}").status_code == 204
    assert desk.get(path).status_code == 404
    assert desk.post("phrases/", body).status_code == 201
    assert Phrase.objects.filter(author=cast.therapist).count() == 3
    assert not any("Breathing" in str(row) for row in AuditEvent.objects.values_list("detail"))


@pytest.mark.parametrize("body", [{}, {"name": "x"}, {"name": "", "text": "x"}, {"name": "x" * 61, "text": "x"}, {"name": "x", "text": "x", "author": "y"}])  # fmt: skip
def test_a_phrase_has_a_name_and_a_text(cast: Cast, body: dict[str, Any]) -> None:
    assert cast.desk("therapist").post("phrases/", body).status_code == 400
    assert not Phrase.objects.exists()


def test_a_list_of_phrases_costs_the_same_however_long(cast: Cast, django_assert_num_queries: Any) -> None:
    desk = cast.desk("therapist")
    for number in range(50):
        Phrase(author=cast.therapist, name=f"p{number}", text="x").save_by(cast.therapist, at=MONDAY)
    with django_assert_num_queries(2):  # who asks, and the page
        assert desk.get("phrases/").data["count"] == 50


def test_a_stale_draft_is_not_overwritten_and_shows_nothing_to_a_colleague(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    answer = patch(cast, "other_therapist", note, {"sections": {"data": "mine"}}, etag='"9"')
    assert answer.status_code == 412
    assert "Spoke" not in answer.content.decode()
