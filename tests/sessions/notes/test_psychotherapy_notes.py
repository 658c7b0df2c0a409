"""Psychotherapy notes: their author's alone (R9)."""

from __future__ import annotations

import base64
import logging
import secrets
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from kapclinic.core import crypto
from kapclinic.trail.models import AuditEvent, IdempotencyRecord
from sessions.notes import selectors
from sessions.notes.models import PsychotherapyNote
from tests.asking import as_superuser, events
from tests.cast import Cast
from tests.sessions.notes.writing import Book

URL = "psychotherapy-notes/"
TEXT = "She reminds me of a colleague. Zebra. "
OTHERS = (
    "other_therapist",
    "np",
    "prescriber",
    "director",
    "admin",
    "frontdesk",
    "billing",
    "south_therapist",
)


def write(cast: Cast, book: Book, who: str = "therapist", **more: Any) -> Any:
    body = {"session": str(book["integration"].pk), "text": TEXT}
    return cast.desk(who).post(URL, body, **more)


def patch(cast: Cast, who: str, note: str, text: str, etag: str = '"1"') -> Any:
    return cast.desk(who).patch(f"{URL}{note}/", {"text": text}, match=etag)


def test_a_therapist_keeps_a_private_note(cast: Cast, book: Book) -> None:
    answer = write(cast, book)
    assert answer.status_code == 201, answer.data
    assert answer.data["text"] == TEXT
    note = answer.data["id"]
    read = cast.desk("therapist").get(f"{URL}{note}/")
    assert (read.data, read["ETag"]) == (answer.data, '"1"')


def test_the_list_tells_that_ones_notes_exist_and_never_what_they_say(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    answer = cast.desk("therapist").get(URL)
    assert [row["id"] for row in answer.data["results"]] == [note]
    assert set(answer.data["results"][0]) == {"id", "version", "created_at", "updated_at", "session"}
    assert "Zebra" not in answer.content.decode()
    assert cast.desk("therapist").get(URL, session=str(uuid4())).data["count"] == 0
    assert cast.desk("therapist").get(URL, search="Zebra").status_code == 400


@pytest.mark.parametrize("who", OTHERS)
def test_for_everybody_else_the_note_does_not_exist(cast: Cast, book: Book, who: str) -> None:
    note = write(cast, book).data["id"]
    read = cast.desk(who).get(f"{URL}{note}/")
    assert read.status_code == 404
    assert read.data == cast.desk(who).get(f"{URL}{uuid4()}/").data
    assert patch(cast, who, note, "mine").status_code == 404
    listed = cast.desk(who).get(URL)
    if "therapist" in cast.people[who].roles:
        assert listed.data["count"] == 0
    else:
        assert listed.status_code == 403
    assert selectors.text_of(PsychotherapyNote.objects.get()) == TEXT


@pytest.mark.parametrize("who", ["np", "prescriber", "director", "admin", "frontdesk", "billing"])
def test_only_a_therapist_keeps_one(cast: Cast, book: Book, who: str) -> None:
    assert write(cast, book, who).status_code == 403
    assert not PsychotherapyNote.objects.exists()


def test_a_note_on_a_session_of_another_location_is_refused(cast: Cast, book: Book) -> None:
    answer = write(cast, book, "south_therapist")
    assert answer.status_code == 400
    assert not PsychotherapyNote.objects.exists()


def test_the_author_rewrites_it_on_the_version_that_was_read(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    assert patch(cast, "therapist", note, "Later.", etag="").status_code == 428
    changed = patch(cast, "therapist", note, "Later.")
    assert (changed.status_code, changed.data["text"], changed["ETag"]) == (200, "Later.", '"2"')
    assert patch(cast, "therapist", note, "Lost.").status_code == 412
    empty = cast.desk("therapist").patch(f"{URL}{note}/", {}, match='"2"')
    assert empty.status_code == 400
    assert cast.desk("therapist").get(f"{URL}{note}/").data["text"] == "Later."


def test_the_words_stand_nowhere_in_the_database(cast: Cast, book: Book) -> None:
    note = write(cast, book, key="once").data["id"]
    patch(cast, "therapist", note, "Zebra again.")
    cast.desk("therapist").get(f"{URL}{note}/")
    with connection.cursor() as cursor:
        cursor.execute(  # a month of a table is read with its table
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition"
        )
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE %s', ["%zebra%"])
            assert cursor.fetchone()[0] == 0, table
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{b'Zebra'.hex()}%"]
            )
            assert cursor.fetchone()[0] == 0, table
    assert not any("historicalpsychotherapy" in table for table in tables)


def test_the_words_stand_in_no_log(cast: Cast, book: Book, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        note = write(cast, book).data["id"]
        cast.desk("therapist").get(f"{URL}{note}/")
    assert "Zebra" not in caplog.text


# --- replay -------------------------------------------------------------------------------------------------------


def test_a_repeated_post_keeps_one_note_and_remembers_only_its_id(cast: Cast, book: Book) -> None:
    first, second = (write(cast, book, key="once") for _ in range(2))
    assert second["Idempotency-Replayed"] == "true"
    assert (second.status_code, second.data) == (201, first.data)
    assert PsychotherapyNote.objects.count() == 1
    assert IdempotencyRecord.objects.get().answer == {"id": first.data["id"]}
    assert len(events("psychotherapy_note.create")) == 2  # the second was a read


def test_a_replay_shows_the_note_as_it_is_now(cast: Cast, book: Book) -> None:
    first = write(cast, book, key="once")
    patch(cast, "therapist", first.data["id"], "Later.")
    again = write(cast, book, key="once")
    assert (again.data["text"], again["ETag"]) == ("Later.", '"2"')


# --- access log ---------------------------------------------------------------------------------------------------


def test_every_reading_is_logged(cast: Cast, book: Book) -> None:
    note = write(cast, book).data["id"]
    cast.desk("therapist").get(f"{URL}{note}/")
    cast.desk("therapist").get(URL)
    cast.desk("director").get(f"{URL}{note}/")
    me, client = cast.therapist.pk, book["dosing"].client_id
    assert events("psychotherapy_note.create") == [(me, "ok", [client])]
    assert events("psychotherapy_note.list") == [(me, "ok", [client])]
    assert events("psychotherapy_note.retrieve") == [
        (me, "ok", [client]),
        (cast.director.pk, "refused", []),
    ]


def test_what_cannot_be_logged_is_not_read(cast: Cast, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    note = write(cast, book).data["id"]

    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("the log is full")

    monkeypatch.setattr(AuditEvent, "save", broken)
    api = cast.desk("therapist")
    api.client.raise_request_exception = False
    with transaction.atomic():
        answer = api.get(f"{URL}{note}/")
    assert answer.status_code == 500
    assert "Zebra" not in answer.content.decode()


# --- sealing ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "swap",
    [
        "UPDATE clinic_sessions_psychotherapynote a SET sealed = b.sealed FROM clinic_sessions_psychotherapynote b WHERE a.id <> b.id",
        "UPDATE clinic_sessions_psychotherapynote SET author_id = (SELECT id FROM practice_user WHERE name = 'Other Therapist'), created_by = (SELECT id FROM practice_user WHERE name = 'Other Therapist')",
        "UPDATE clinic_sessions_psychotherapynote SET version = version + 1",
        "UPDATE clinic_sessions_psychotherapynote SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)",
    ],
)
def test_sealed_words_open_only_in_their_own_row_for_their_own_author(
    cast: Cast, book: Book, swap: str
) -> None:
    for _ in range(2):
        write(cast, book)
    with as_superuser() as intruder:
        assert intruder.execute(swap).rowcount == 2
    for note in PsychotherapyNote.objects.select_related("session"):
        with pytest.raises(crypto.Undecipherable):
            selectors.text_of(note)


def test_a_note_never_changes_hands_in_the_database(cast: Cast, book: Book) -> None:
    write(cast, book)
    for change in ("author_id = session_id", "session_id = author_id", "created_by = session_id"):
        with (
            pytest.raises(DatabaseError, match="frozen"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE clinic_sessions_psychotherapynote SET {change}")


def fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def test_keys_are_rotated_and_the_old_one_may_go(cast: Cast, book: Book, settings: Any) -> None:
    old, new = fresh_key(), fresh_key()
    settings.FIELD_KEYS = [old]
    note = write(cast, book).data["id"]
    settings.FIELD_KEYS = [new, old]
    assert cast.desk("therapist").get(f"{URL}{note}/").data["text"] == TEXT
    for told in ("1 psychotherapy notes", "0 psychotherapy notes"):
        out = StringIO()
        call_command("rotate_field_keys", stdout=out)
        assert told in out.getvalue()
    settings.FIELD_KEYS = [new]
    assert cast.desk("therapist").get(f"{URL}{note}/").data["text"] == TEXT
    settings.FIELD_KEYS = [old]
    with pytest.raises(crypto.KeyMissing):
        selectors.text_of(PsychotherapyNote.objects.get())
    refused = cast.desk("therapist").get(f"{URL}{note}/")
    assert (refused.status_code, refused.json()["code"]) == (503, "key_missing")
    assert old not in str(refused.json())
