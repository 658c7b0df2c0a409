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
from tests.sessions.rooms import Clinic, as_superuser, events, open_clinic, signed_in

URL = "/api/v1/psychotherapy-notes/"
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


def write(clinic: Clinic, who: str = "therapist", **more: Any) -> Any:
    body = {"session": str(clinic.sessions["integration"].pk), "text": TEXT}
    return signed_in(clinic[who]).post(URL, body, **more)


def patch(clinic: Clinic, who: str, note: str, text: str, etag: str | None = '"1"') -> Any:
    headers = {} if etag is None else {"If-Match": etag}
    return signed_in(clinic[who]).patch(f"{URL}{note}/", {"text": text}, headers=headers)


def test_a_therapist_keeps_a_private_note(clinic: Clinic) -> None:
    answer = write(clinic)
    assert answer.status_code == 201, answer.data
    assert answer.data["text"] == TEXT
    note = answer.data["id"]
    read = signed_in(clinic["therapist"]).get(f"{URL}{note}/")
    assert (read.data, read["ETag"]) == (answer.data, '"1"')


def test_the_list_tells_that_ones_notes_exist_and_never_what_they_say(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    answer = signed_in(clinic["therapist"]).get(URL)
    assert [row["id"] for row in answer.data["results"]] == [note]
    assert set(answer.data["results"][0]) == {"id", "version", "created_at", "updated_at", "session"}
    assert "Zebra" not in answer.content.decode()
    assert signed_in(clinic["therapist"]).get(URL, {"session": str(uuid4())}).data["count"] == 0
    assert signed_in(clinic["therapist"]).get(URL, {"search": "Zebra"}).status_code == 400


@pytest.mark.parametrize("who", OTHERS)
def test_for_everybody_else_the_note_does_not_exist(clinic: Clinic, who: str) -> None:
    note = write(clinic).data["id"]
    read = signed_in(clinic[who]).get(f"{URL}{note}/")
    assert read.status_code == 404
    assert read.data == signed_in(clinic[who]).get(f"{URL}{uuid4()}/").data
    assert patch(clinic, who, note, "mine").status_code == 404
    listed = signed_in(clinic[who]).get(URL)
    if "therapist" in clinic[who].roles:
        assert listed.data["count"] == 0
    else:
        assert listed.status_code == 403
    assert selectors.text_of(PsychotherapyNote.objects.get()) == TEXT


@pytest.mark.parametrize("who", ["np", "prescriber", "director", "admin", "frontdesk", "billing"])
def test_only_a_therapist_keeps_one(clinic: Clinic, who: str) -> None:
    assert write(clinic, who).status_code == 403
    assert not PsychotherapyNote.objects.exists()


def test_a_note_on_a_session_of_another_location_is_refused(clinic: Clinic) -> None:
    answer = write(clinic, "south_therapist")
    assert answer.status_code == 400
    assert not PsychotherapyNote.objects.exists()


def test_the_author_rewrites_it_on_the_version_that_was_read(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    assert patch(clinic, "therapist", note, "Later.", etag=None).status_code == 428
    changed = patch(clinic, "therapist", note, "Later.")
    assert (changed.status_code, changed.data["text"], changed["ETag"]) == (200, "Later.", '"2"')
    assert patch(clinic, "therapist", note, "Lost.").status_code == 412
    empty = signed_in(clinic["therapist"]).patch(f"{URL}{note}/", {}, headers={"If-Match": '"2"'})
    assert empty.status_code == 400
    assert signed_in(clinic["therapist"]).get(f"{URL}{note}/").data["text"] == "Later."


def test_the_words_stand_nowhere_in_the_database(clinic: Clinic) -> None:
    note = write(clinic, headers={"Idempotency-Key": "once"}).data["id"]
    patch(clinic, "therapist", note, "Zebra again.")
    signed_in(clinic["therapist"]).get(f"{URL}{note}/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text ILIKE %s', ["%zebra%"])
            assert cursor.fetchone()[0] == 0, table
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{b'Zebra'.hex()}%"]
            )
            assert cursor.fetchone()[0] == 0, table
    assert not any("historicalpsychotherapy" in table for table in tables)


def test_the_words_stand_in_no_log(clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        note = write(clinic).data["id"]
        signed_in(clinic["therapist"]).get(f"{URL}{note}/")
    assert "Zebra" not in caplog.text


# --- replay -------------------------------------------------------------------------------------------------------


def test_a_repeated_post_keeps_one_note_and_remembers_only_its_id(clinic: Clinic) -> None:
    first, second = (write(clinic, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert second["Idempotency-Replayed"] == "true"
    assert (second.status_code, second.data) == (201, first.data)
    assert PsychotherapyNote.objects.count() == 1
    assert IdempotencyRecord.objects.get().answer == {"id": first.data["id"]}
    assert len(events("psychotherapy_note.create")) == 2  # the second was a read


def test_a_replay_shows_the_note_as_it_is_now(clinic: Clinic) -> None:
    first = write(clinic, headers={"Idempotency-Key": "once"})
    patch(clinic, "therapist", first.data["id"], "Later.")
    again = write(clinic, headers={"Idempotency-Key": "once"})
    assert (again.data["text"], again["ETag"]) == ("Later.", '"2"')


# --- access log ---------------------------------------------------------------------------------------------------


def test_every_reading_is_logged(clinic: Clinic) -> None:
    note = write(clinic).data["id"]
    signed_in(clinic["therapist"]).get(f"{URL}{note}/")
    signed_in(clinic["therapist"]).get(URL)
    signed_in(clinic["director"]).get(f"{URL}{note}/")
    me, client = clinic["therapist"].pk, clinic.client.pk
    assert events("psychotherapy_note.create") == [(me, "ok", [client])]
    assert events("psychotherapy_note.list") == [(me, "ok", [client])]
    assert events("psychotherapy_note.retrieve") == [
        (me, "ok", [client]),
        (clinic["director"].pk, "refused", []),
    ]


def test_what_cannot_be_logged_is_not_read(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    note = write(clinic).data["id"]

    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("the log is full")

    monkeypatch.setattr(AuditEvent, "save", broken)
    api = signed_in(clinic["therapist"])
    api.raise_request_exception = False
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
def test_sealed_words_open_only_in_their_own_row_for_their_own_author(swap: str) -> None:
    clinic = open_clinic()
    for _ in range(2):
        write(clinic)
    with as_superuser() as intruder:
        assert intruder.execute(swap).rowcount == 2
    for note in PsychotherapyNote.objects.select_related("session"):
        with pytest.raises(crypto.Undecipherable):
            selectors.text_of(note)


def test_a_note_never_changes_hands_in_the_database(clinic: Clinic) -> None:
    write(clinic)
    for change in ("author_id = session_id", "session_id = author_id", "created_by = session_id"):
        with (
            pytest.raises(DatabaseError, match="frozen"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE clinic_sessions_psychotherapynote SET {change}")


def fresh_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def test_keys_are_rotated_and_the_old_one_may_go(clinic: Clinic, settings: Any) -> None:
    old, new = fresh_key(), fresh_key()
    settings.FIELD_KEYS = [old]
    note = write(clinic).data["id"]
    settings.FIELD_KEYS = [new, old]
    assert signed_in(clinic["therapist"]).get(f"{URL}{note}/").data["text"] == TEXT
    for told in ("1 psychotherapy notes", "0 psychotherapy notes"):
        out = StringIO()
        call_command("rotate_field_keys", stdout=out)
        assert told in out.getvalue()
    settings.FIELD_KEYS = [new]
    assert signed_in(clinic["therapist"]).get(f"{URL}{note}/").data["text"] == TEXT
    settings.FIELD_KEYS = [old]
    with pytest.raises(crypto.Undecipherable):
        selectors.text_of(PsychotherapyNote.objects.get())
