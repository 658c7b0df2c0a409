"""Bodies of notes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from sessions.notes import rules, selectors
from sessions.notes.models import Note
from sessions.notes.rules import signing

SECTION = 20_000


FRAMES = "; ".join(f"{frame}: {', '.join(names)}" for frame, names in rules.FRAMES.items())
SECTIONS = {
    "type": "object",
    "additionalProperties": {
        "type": "string",
        "maxLength": SECTION,
        "description": "the words of the section",
    },
    "description": f"Texts by section. {FRAMES}; free: {rules.MOST_SECTIONS} of any name at most. Under another frame "
    "the sections stay that it has too.",
    "example": {"data": "Spoke of the journey.", "assessment": "Less guarded.", "plan": "Meet on Friday."},
}


NULLABLE_SECTIONS = SECTIONS | {
    "type": ["object", "null"],
    "description": f"{SECTIONS['description']} Null to everybody but the author while nobody has signed.",
}


@extend_schema_field(SECTIONS)
class Sections(serializers.DictField):
    # Untrimmed: the page saves while somebody types.
    child = Text(max_length=SECTION, allow_blank=True, trim_whitespace=False)


class NoteIn(Input):
    session = serializers.UUIDField(source="session_id")
    kind = serializers.ChoiceField(choices=Note.Kind.choices)
    frame = serializers.ChoiceField(choices=Note.Frame.choices)
    sections = Sections()
    service_started_at = Moment(required=False, allow_null=True)
    service_ended_at = Moment(required=False, allow_null=True)


class NotePatch(Input):
    """The times of care are the author's own word; without one the signature takes the session's."""

    frame = serializers.ChoiceField(choices=Note.Frame.choices)
    sections = Sections()
    service_started_at = Moment(required=False, allow_null=True)
    service_ended_at = Moment(required=False, allow_null=True)


class SignIn(Input):
    """The signer's own password."""

    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class AuthorSignIn(SignIn):
    """`covering_reason` is wanted of who was not on the session, and kept with the note."""

    covering_reason = Text(min_length=3, max_length=1000, required=False)


class ReturnIn(Input):
    """What is to be put right before the second signature."""

    comment = Text(min_length=3, max_length=1000)


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


class SignedAsOut(Output):
    """Who signed, as they were then."""

    name = serializers.CharField()
    credentials = serializers.CharField()
    license = serializers.CharField()
    npi = serializers.CharField()
    needs_cosign = serializers.BooleanField()


class DoseOut(Output):
    session = serializers.UUIDField()
    given_at = Moment()


class ReturnOut(Output):
    """A cosigner gave the note back."""

    at = Moment()
    by = serializers.UUIDField()
    by_name = serializers.CharField()
    comment = serializers.CharField()


class StopsSigningOut(Output):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class NoteOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    updated_at = Moment()
    session = serializers.UUIDField(source="session_id")
    session_kind = serializers.CharField(source="session.kind")
    session_number = serializers.IntegerField(source="session.number")
    session_starts_at = Moment(source="session.starts_at")
    client = serializers.UUIDField(source="session.client_id")
    client_name = serializers.CharField(source="session.client.display_name")
    program = serializers.UUIDField(source="session.program_id")
    kind = serializers.CharField()
    frame = serializers.CharField()
    sections = serializers.SerializerMethodField()
    service_started_at = Moment(allow_null=True)
    service_ended_at = Moment(allow_null=True)
    minutes_source = serializers.CharField()
    author = serializers.UUIDField(source="author_id")
    author_name = serializers.CharField(source="author.name")
    status = serializers.CharField()
    signed_at = Moment(allow_null=True)
    signed_by = serializers.UUIDField(source="signed_by_id", allow_null=True)
    signature = serializers.CharField()
    signed_as = SignedAsOut(allow_null=True)
    covering_reason = serializers.CharField()
    content_hash = serializers.CharField()
    cosigner = serializers.UUIDField(source="cosigner_id", allow_null=True)
    cosigned_at = Moment(allow_null=True)
    cosignature = serializers.CharField()
    addenda = AddendumOut(many=True)
    dose = serializers.SerializerMethodField()
    hours_since_dose = serializers.SerializerMethodField()
    in_window = serializers.SerializerMethodField()
    returns = serializers.SerializerMethodField()
    missing = serializers.SerializerMethodField()
    voided = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @property
    def _reader(self) -> Any:
        return self.context["request"].user

    @extend_schema_field(NULLABLE_SECTIONS)
    def get_sections(self, note: Note) -> dict[str, str] | None:
        return dict(note.sections) if rules.reads_words(note, by=self._reader) else None

    @extend_schema_field(DoseOut(allow_null=True))
    def get_dose(self, note: Note) -> dict[str, Any] | None:
        found = selectors.dose_of(note)
        return None if found is None else dict(DoseOut(found).data)

    def get_hours_since_dose(self, note: Note) -> float | None:
        found = selectors.dose_of(note)
        return None if found is None else found.hours

    def get_in_window(self, note: Note) -> bool | None:
        found = selectors.dose_of(note)
        return None if found is None else found.in_window

    @extend_schema_field(ReturnOut(many=True))
    def get_returns(self, note: Note) -> list[dict[str, Any]]:
        told = selectors.returns_of(note)
        if not rules.reads_words(note, by=self._reader):
            told = [row for row in told if row.by == self._reader.pk]
        return list(ReturnOut(told, many=True).data)

    @extend_schema_field(StopsSigningOut(many=True))
    def get_missing(self, note: Note) -> list[signing.Missing]:
        if note.author_id != self._reader.pk:
            return []
        return signing.missing(note, at=self.context["view"].at)

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, note: Note) -> dict[str, Any] | None:
        return dict(VoidedOut(note.discard).data) if hasattr(note, "discard") else None

    def get_allowed_moves(self, note: Note) -> list[str]:
        return rules.allowed_moves(note, by=self._reader)
