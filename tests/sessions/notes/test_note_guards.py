"""Notes against SQL, and signed notes against somebody with the keys of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from sessions.notes.models import Note
from tests.asking import as_superuser, sql
from tests.cast import MONDAY, Cast
from tests.sessions.notes.writing import DAP, Book, add, sign, signed_note, write

NOTE, ADDENDUM = "clinic_sessions_note", "clinic_sessions_addendum"


@contextmanager
def refused(match: str) -> Iterator[None]:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        yield


@pytest.mark.parametrize(
    "change",
    [
        "sections = '{}'",
        "status = 'draft', signed_at = NULL, signed_by_id = NULL, content_hash = ''",
        "signature = 'Somebody Else'",
        "version = version + 1",
        "content_hash = repeat('a', 64)",
    ],
)
def test_a_signed_note_is_frozen_in_the_database(cast: Cast, book: Book, change: str) -> None:
    signed_note(cast, book)
    with refused("frozen"):
        sql(f"UPDATE {NOTE} SET {change}")
    assert Note.objects.get().sections == DAP


def test_even_a_save_past_the_services_is_refused(cast: Cast, book: Book) -> None:
    signed_note(cast, book)
    note = Note.objects.get()
    note.sections = {"data": "other"}
    with refused("frozen"):
        note.save_by(cast.therapist, at=MONDAY)


@pytest.mark.parametrize(
    "change",
    [
        "sections = '{}'",
        "status = 'draft', signed_at = NULL, signed_by_id = NULL, content_hash = '', signature = ''",
        "status = 'signed', sections = '{}'",
        "author_id = signed_by_id, frame = 'free'",
    ],
)
def test_a_note_that_waits_for_its_second_signature_keeps_its_words(
    cast: Cast, book: Book, change: str
) -> None:
    sign(cast, "trainee", write(cast, book, "trainee").data["id"])
    with refused("frozen"):
        sql(f"UPDATE {NOTE} SET {change}")
    assert Note.objects.get().status == "cosign_pending"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'signed'", "note_status"),
        ("status = 'closed'", "note_status"),
        ("signed_at = now()", "note_status"),
        ("kind = 'poem'", "note_kind"),
        ("frame = 'ode'", "note_frame"),
        ("cosigner_id = author_id, cosigned_at = now()", "note_cosigned"),
        (
            "status = 'signed', signed_at = now(), content_hash = 'x', signature = 'x', "
            "signed_by_id = (SELECT id FROM practice_user WHERE name = 'Np')",
            "note_status",
        ),
    ],
)
def test_a_state_that_no_note_can_have_is_refused_by_the_database(
    cast: Cast, book: Book, change: str, constraint: str
) -> None:
    write(cast, book)
    with refused(constraint):
        sql(f"UPDATE {NOTE} SET {change}")


@pytest.mark.parametrize(
    "table", [NOTE, "clinic_sessions_psychotherapynote", "clinic_sessions_historicalnote"]
)
def test_the_apps_own_role_deletes_no_note(cast: Cast, book: Book, table: str) -> None:
    signed_note(cast, book)
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with refused("permission denied"):
            sql(statement)


@pytest.mark.parametrize(
    "statement", [f"UPDATE {ADDENDUM} SET text = 'x'", f"DELETE FROM {ADDENDUM}", f"TRUNCATE {ADDENDUM}"]
)
def test_an_addendum_is_never_changed(cast: Cast, book: Book, statement: str) -> None:
    add(cast, "therapist", signed_note(cast, book))
    with refused("permission denied"):
        sql(statement)


def test_an_addendum_stands_under_a_signed_note_only(cast: Cast, book: Book) -> None:
    note, author = write(cast, book).data["id"], cast.therapist.pk
    with refused("signed note"):
        sql(
            f"INSERT INTO {ADDENDUM} (id, created_at, created_by, note_id, number, reason, text, author_id, signature, "
            f"previous_hash, hash) VALUES (gen_random_uuid(), now(), '{author}', '{note}', 1, 'r', 't', '{author}', 's', "
            "'p', 'h')"
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (
            f'UPDATE {NOTE} SET sections = \'{{"data": "nothing happened"}}\'',
            "was changed after it was signed",
        ),
        (f"UPDATE {NOTE} SET signature = 'Somebody Else'", "was changed after it was signed"),
        (f"UPDATE {NOTE} SET signed_at = signed_at - interval '1 day'", "was changed after it was signed"),
        (f"UPDATE {ADDENDUM} SET text = 'other' WHERE number = 2", "addendum that was changed"),
        (f"DELETE FROM {ADDENDUM} WHERE number = 1", "addendum that was changed"),
    ],
)
def test_verify_names_the_note_that_somebody_with_the_keys_edited(
    cast: Cast, book: Book, edit: str, why: str
) -> None:
    note = signed_note(cast, book)
    add(cast, "therapist", note)
    add(cast, "therapist", note)
    call_command("verify_audit")
    with as_superuser() as intruder:
        assert intruder.execute(edit).rowcount == 1
    with pytest.raises(CommandError, match=f"signed notes: note {note}.*{why}"):
        call_command("verify_audit")
