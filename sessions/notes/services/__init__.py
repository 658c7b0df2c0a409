"""Verbs of notes and of a session's own record."""

from sessions.notes.services.amending import amend_note
from sessions.notes.services.notes import (
    add_addendum,
    cosign_note,
    discard_note,
    edit_note,
    edit_psychotherapy_note,
    reseal_psychotherapy_notes,
    sign_note,
    write_note,
    write_psychotherapy_note,
)
from sessions.notes.services.records import append_entry, void_entry
from sessions.notes.services.unsigned import sweep_unsigned

__all__ = [
    "add_addendum",
    "amend_note",
    "append_entry",
    "cosign_note",
    "discard_note",
    "edit_note",
    "edit_psychotherapy_note",
    "reseal_psychotherapy_notes",
    "sign_note",
    "sweep_unsigned",
    "void_entry",
    "write_note",
    "write_psychotherapy_note",
]
