"""Bodies of notes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.notes import rules
from sessions.notes.models import Note

SECTION = 20_000


def _sections(**options: Any) -> serializers.DictField:
    # Untrimmed: the page saves while somebody types.
    text = Text(max_length=SECTION, allow_blank=True, trim_whitespace=False)
    return serializers.DictField(child=text, **options)


class NoteIn(Input):
    session = serializers.UUIDField(source="session_id")
    kind = serializers.ChoiceField(choices=Note.Kind.choices)
    frame = serializers.ChoiceField(choices=Note.Frame.choices)
    sections = _sections()


class NotePatch(Input):
    frame = serializers.ChoiceField(choices=Note.Frame.choices)
    sections = _sections()


class SignIn(Input):
    """The signer's own password."""

    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class AuthorSignIn(SignIn):
    """`covering_reason` is wanted of who was not on the session, and kept with the note."""

    covering_reason = Text(min_length=3, max_length=1000, required=False)


class AddendumIn(Input):
    reason = Text(min_length=3, max_length=1000)
    text = Text(max_length=SECTION)


class AddendumOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    note = serializers.UUIDField(source="note_id")
    reason = serializers.CharField()
    text = serializers.CharField()
    author = serializers.UUIDField(source="author_id")
    signature = serializers.CharField()
    hash = serializers.CharField()


class NoteOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    updated_at = Moment()
    session = serializers.UUIDField(source="session_id")
    client = serializers.UUIDField(source="session.client_id")
    program = serializers.UUIDField(source="session.program_id")
    kind = serializers.CharField()
    frame = serializers.CharField()
    sections = serializers.DictField(child=serializers.CharField())
    author = serializers.UUIDField(source="author_id")
    author_name = serializers.CharField(source="author.name")
    status = serializers.CharField()
    signed_at = Moment(allow_null=True)
    signed_by = serializers.UUIDField(source="signed_by_id", allow_null=True)
    signature = serializers.CharField()
    covering_reason = serializers.CharField()
    content_hash = serializers.CharField()
    cosigner = serializers.UUIDField(source="cosigner_id", allow_null=True)
    cosigned_at = Moment(allow_null=True)
    cosignature = serializers.CharField()
    addenda = AddendumOut(many=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, note: Note) -> list[str]:
        return rules.allowed_moves(note, by=self.context["request"].user)
