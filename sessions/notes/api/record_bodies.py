"""Bodies of a dosing session's own record."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.booking.http import LateReason
from sessions.notes.models import RecordEntry
from sessions.notes.rules import records

CONTENT = (
    "The part's fields, `?` where one may be left out. Summaries only: what belongs in a psychotherapy note is not "
    f"written here. {records.described()}."
)


VALUE = {
    "oneOf": [{"type": "string"}, {"type": "boolean"}, {"type": "integer"}, {"type": "null"}],
    "description": "a text, yes or no, a number of a scale from 0 to 10, a word of a choice, or a time with its offset",
}


@extend_schema_field(
    {
        "type": "object",
        "description": CONTENT,
        "additionalProperties": VALUE,
        "example": {"mood": 6, "intention": "To let go", "safety_concern": False},
    }
)
class Content(serializers.DictField):
    child = serializers.JSONField(allow_null=True)


class RecordEntryIn(Input):
    part = serializers.ChoiceField(RecordEntry.Part.choices)
    content = Content()
    observed_at = Moment(required=False, help_text="now unless said")
    at = Moment(required=False, help_text="another name of observed_at; one of the two is sent")
    override_reason = LateReason()
    reason = Text(
        max_length=1000,
        required=False,
        allow_blank=True,
        default="",
        help_text="of an addendum: an entry after the record has closed",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "at" in attrs and "observed_at" in attrs:
            raise serializers.ValidationError({"at": "Send one of at and observed_at."})
        if "at" in attrs:
            attrs["observed_at"] = attrs.pop("at")
        return attrs


class RecordVoidOut(Output):
    voided_at = Moment(source="created_at")
    reason = serializers.CharField()


class RecordEntryOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    part = serializers.CharField()
    content = serializers.DictField(help_text=CONTENT)
    observed_at = Moment()
    recorded_at = Moment()
    recorded_by = serializers.UUIDField(source="recorded_by_id")
    recorded_by_name = serializers.CharField(source="recorded_by.name")
    addendum_reason = serializers.CharField(source="reason")
    void = serializers.SerializerMethodField()

    @extend_schema_field(RecordVoidOut(allow_null=True))
    def get_void(self, entry: Any) -> Any:
        return RecordVoidOut(entry.void).data if hasattr(entry, "void") else None


class PeakOut(Output):
    value = serializers.IntegerField()
    at = Moment()


class PeaksOut(Output):
    systolic = PeakOut(allow_null=True)
    diastolic = PeakOut(allow_null=True)
    heart_rate = PeakOut(allow_null=True)
    dissociation = PeakOut(allow_null=True)


class NoneObservedOut(Output):
    """Whether anything adverse happened: the events, or somebody's explicit statement that there was none."""

    ids = serializers.ListField(child=serializers.UUIDField())
    none_observed = serializers.UUIDField(allow_null=True)
    overtaken = serializers.BooleanField()


class RecordOut(Output):
    session = serializers.UUIDField(source="session_id")
    status = serializers.CharField()
    entries = RecordEntryOut(many=True)
    setting = serializers.DictField()
    peaks = PeaksOut()
    adverse_events = NoneObservedOut()
