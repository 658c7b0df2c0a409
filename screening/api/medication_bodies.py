"""Bodies of medications."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening.rules import medicines


class MedicationIn(Input):
    client = serializers.UUIDField()
    text = Text(max_length=300)


class MedicationPatch(Input):
    ended_at = Moment()
    review = Text(min_length=3)


class MedicationMapIn(Input):
    ingredients = serializers.ListField(child=Text(max_length=60), min_length=1, max_length=20)
    reason = Text(min_length=3, max_length=1000)


class MedicationPartOut(Output):
    text = serializers.CharField()
    ingredients = serializers.ListField(child=serializers.CharField())
    classes = serializers.ListField(child=serializers.CharField())
    is_mapped = serializers.BooleanField()


class SuggestionOut(Output):
    written = serializers.CharField()
    name = serializers.CharField()
    ingredients = serializers.ListField(child=serializers.CharField())


class MappingOut(Output):
    id = serializers.UUIDField()
    ingredients = serializers.ListField(child=serializers.CharField())
    classes = serializers.ListField(child=serializers.CharField())
    list_edition = serializers.CharField()
    reason = serializers.CharField()
    at = Moment(source="created_at")
    by = serializers.UUIDField(source="created_by")


class MedicationOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    text = serializers.CharField()
    classes = serializers.ListField(child=serializers.CharField())
    is_mapped = serializers.BooleanField()
    parts = MedicationPartOut(many=True)
    suggestions = serializers.SerializerMethodField()
    mappings = MappingOut(many=True)
    list_edition = serializers.CharField()
    ended_at = Moment(allow_null=True)
    review = serializers.CharField()
    reviewed_by = serializers.UUIDField(source="reviewed_by_id", allow_null=True)
    reviewed_at = Moment(allow_null=True)

    @extend_schema_field(SuggestionOut(many=True))
    def get_suggestions(self, row: Any) -> Any:
        """Names that are spelled nearly alike, while nobody has said what the text means."""
        open_ = not row.is_mapped and row.ended_at is None
        return SuggestionOut(medicines.suggestions(row.text) if open_ else [], many=True).data
