"""Pure rules of signing: what still stops an author, in the order in which the signature asks."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from sessions.notes import rules
from sessions.notes.models import Note


class Missing(TypedDict):
    code: str
    label: str


def missing(note: Note, *, at: datetime) -> list[Missing]:
    """What stops the author of a draft from signing it now, beside their password; nothing for one that is no draft.

    Who was not on the session brings `covering_reason` with the signature: until then that is missing too.
    """
    if note.status != Note.Status.DRAFT:
        return []
    found: list[Missing] = []
    if note.session.status in rules.NOT_BEGUN:
        found.append(
            {"code": "session_not_begun", "label": "The session has not begun: check the client in first."}
        )
    if not rules.was_there(note):
        label = "You are not on this session: say why you write in the place of who was there."
        found.append({"code": "not_on_session", "label": label})
    if rules.is_empty(note.sections):
        found.append({"code": "note_empty", "label": "The note says nothing yet."})
    times = rules.service_errors(
        started_at=note.service_started_at, ended_at=note.service_ended_at, session=note.session, at=at
    )
    return found + [{"code": error.code, "label": error.detail} for error in times]
