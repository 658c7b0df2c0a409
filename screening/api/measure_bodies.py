"""Bodies of measures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from screening.rules import instruments


class ItemAnswer(serializers.JSONField):
    """A whole number, true or false for yes and no, or null for an item that was not answered."""

    default_error_messages = {"item": "A whole number, true, false or null is expected."}

    def to_internal_value(self, data: Any) -> Any:
        if data is not None and not isinstance(data, int):
            self.fail("item")
        return data


class InstrumentName(serializers.CharField):
    """Any usual spelling of an instrument that is kept here."""

    default_error_messages = {"instrument": "One of {known} is expected."}

    def to_internal_value(self, data: Any) -> str:
        key = instruments.key_of(super().to_internal_value(data))
        if key is None:
            self.fail("instrument", known=", ".join(instruments.INSTRUMENTS))
        return key


class MeasureIn(Input):
    program = serializers.UUIDField()
    instrument = InstrumentName(max_length=40)
    answers = serializers.ListField(child=ItemAnswer(allow_null=True), max_length=40)
    taken_at = Moment()
    administered_by = Text(max_length=80)
    form = Text(max_length=30, required=False)
    threshold = serializers.IntegerField(min_value=1, max_value=12, required=False, allow_null=True)
    language = serializers.RegexField(r"^[a-z]{2}(-[A-Z]{2})?$", default="en")


class MeasureOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    instrument = serializers.CharField()
    form = serializers.CharField()
    answers = serializers.JSONField()
    total = serializers.IntegerField(allow_null=True)
    band = serializers.CharField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())
    threshold = serializers.IntegerField(allow_null=True)
    language = serializers.CharField()
    administered_by = serializers.CharField()
    taken_at = Moment()
    recorded_by = serializers.UUIDField(source="created_by")
    voided = serializers.SerializerMethodField()

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, measure: Any) -> dict[str, Any] | None:
        return dict(VoidedOut(measure.void).data) if hasattr(measure, "void") else None
