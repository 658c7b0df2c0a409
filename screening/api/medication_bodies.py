"""Bodies of medications."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text


class MedicationIn(Input):
    client = serializers.UUIDField()
    text = Text(max_length=300)


class MedicationPatch(Input):
    ended_at = Moment()
    review = Text(min_length=3)


class MedicationOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    text = serializers.CharField()
    classes = serializers.ListField(child=serializers.CharField())
    is_mapped = serializers.BooleanField()
    list_edition = serializers.CharField()
    ended_at = Moment(allow_null=True)
    review = serializers.CharField()
    reviewed_by = serializers.UUIDField(source="reviewed_by_id", allow_null=True)
    reviewed_at = Moment(allow_null=True)
