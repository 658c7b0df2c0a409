"""What stands in columns that no row fills: secrets that nobody knows, and bytes sealed with the keys of here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection

from billing.records.rules.practice_contents import AS_FILES
from billing.records.services.practice_reading import Archive, NotBroughtIn
from billing.records.sql import loading
from kapclinic.core import chance, crypto
from sessions.files.models import Attachment
from sessions.imports.models import ImportContent
from sessions.notes.models import PsychotherapyNote

# The author reads this where the note was: silence would look like a lost one.
STAYED = "The text of this note did not leave the practice in which it was written."


def _nobodys() -> str:
    """A digest to which nobody has the secret."""
    return json.dumps({"digest": chance.token_bytes(32).hex()})


def _no_way_in() -> str:
    return json.dumps({"password": make_password(None), "has_factor": False, "notes_sealed_at": None})


def _waiting(column: str) -> Callable[[], str]:
    """Nothing yet, where bytes come in behind their rows."""
    return lambda: json.dumps({column: r"\x"})


# What is laid over a row as it comes in.
OVER: Mapping[str, Callable[[], str]] = {
    "practice_user": _no_way_in,
    "clinic_sessions_clientlink": _nobodys,
    "clinic_sessions_historicalclientlink": _nobodys,
    "clinic_sessions_psychotherapynote": _waiting("sealed"),
    "billing_recordexportpart": lambda: json.dumps({"sha256": ""}),
    **{table: _waiting(column) for table, column in AS_FILES.items()},
}


def filled(archive: Archive) -> None:
    """Put the files of the archive into their rows, sealed where they lie sealed.

    :raises NotBroughtIn: `file_changed`, when a row has no file or a file no row
    """
    for table, column in AS_FILES.items():
        for key in archive.files(table):
            content = archive.content(f"files/{table}/{key}")
            _put(table, column, UUID(key), SEALED[table](UUID(key), content))
        with connection.cursor() as cursor:
            cursor.execute(loading.unfilled(table, column))
            if cursor.fetchone() != (0,):
                raise NotBroughtIn("file_changed", f"A row of {table} has no file.")
    for note in PsychotherapyNote.objects.select_related("session").order_by("pk").iterator(chunk_size=500):
        sealed = crypto.encrypt(STAYED, aad=note.bound_to(note.version))
        _put(PsychotherapyNote._meta.db_table, "sealed", note.pk, sealed)


def _put(table: str, column: str, key: UUID, content: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(loading.fill(table, column, KEY.get(table, "id")), [content, key])
        if cursor.rowcount != 1:
            raise NotBroughtIn("file_changed", f"A file of {table} belongs to no row.")


def _attachment(key: UUID, content: bytes) -> bytes:
    row = Attachment.objects.filter(pk=key).first()
    if row is None or row.sha256 != hashlib.sha256(content).hexdigest():
        raise NotBroughtIn("file_changed", "A file of an attachment is not the one of its row.")
    return crypto.seal(content, aad=row.bound_to())


KEY = {"clinic_sessions_attachmentcontent": "attachment_id", "clinic_sessions_importcontent": "of_id"}
# How the bytes of a table lie: as they are, or sealed with the first key of here.
SEALED: Mapping[str, Callable[[UUID, bytes], bytes]] = {
    "billing_jobfile": lambda _key, content: content,
    "clinic_sessions_attachmentcontent": _attachment,
    "clinic_sessions_importcontent": lambda key, content: crypto.seal(
        content, aad=ImportContent(of_id=key).bound_to()
    ),
}
