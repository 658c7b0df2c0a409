"""Bodies of psychotherapy notes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.notes import selectors

PRIVATE = 100_000


class PsychotherapyNoteIn(Input):
    session = serializers.UUIDField(source="session_id")
    text = Text(max_length=PRIVATE, trim_whitespace=False)


class PsychotherapyNotePatch(Input):
    text = Text(max_length=PRIVATE, trim_whitespace=False)


class PsychotherapyNoteRow(Output):
    """One's own private note in a list: that it is there, never what it says."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    updated_at = Moment()
    session = serializers.UUIDField(source="session_id")


class PsychotherapyNoteOut(PsychotherapyNoteRow):
    text = serializers.SerializerMethodField()

    def get_text(self, note: Any) -> str:
        return selectors.text_of(note)
