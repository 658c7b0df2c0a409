"""Verbs of notes and of a session's own record."""

from sessions.notes.services.amending import amend_note
from sessions.notes.services.notes import (
    add_addendum,
    cosign_note,
    discard_note,
    edit_note,
    edit_psychotherapy_note,
    reseal_psychotherapy_notes,
    return_note,
    sign_note,
    write_note,
    write_psychotherapy_note,
)
from sessions.notes.services.phrases import change_phrase, keep_phrase, retire_phrase
from sessions.notes.services.records import append_entry, void_entry
from sessions.notes.services.unsigned import ask_for_notes, sweep_unsigned

__all__ = [
    "add_addendum",
    "amend_note",
    "append_entry",
    "ask_for_notes",
    "change_phrase",
    "cosign_note",
    "discard_note",
    "edit_note",
    "edit_psychotherapy_note",
    "keep_phrase",
    "reseal_psychotherapy_notes",
    "retire_phrase",
    "return_note",
    "sign_note",
    "sweep_unsigned",
    "void_entry",
    "write_note",
    "write_psychotherapy_note",
]
