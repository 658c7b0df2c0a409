"""Bodies of attachments and legal holds."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from kapclinic.practice.rules import CLINICIANS


class AttachmentIn(Input):
    """A form with a file: PDF, PNG or JPEG, which its own bytes show, of 20 MB at most."""

    file = serializers.FileField(max_length=255)
    title = Text(max_length=200, required=False, allow_blank=True, default="")


class AttachmentOut(Output):
    """`sha256` is that of the file as it was sent; `voided` is null while it belongs to the record."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    title = serializers.CharField()
    file_name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    recorded_by = serializers.UUIDField(source="created_by")
    voided = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, row: Any) -> Any:
        void = getattr(row, "void", None)
        return None if void is None else VoidedOut(void).data

    def get_allowed_moves(self, row: Any) -> list[str]:
        may = getattr(row, "void", None) is None and self.context["request"].user.role_set & CLINICIANS
        return ["void"] if may else []


class HoldRecordIn(Input):
    client = serializers.UUIDField(source="client_id")
    reason = Text(min_length=3, max_length=1000)


class LiftIn(Input):
    reason = Text(max_length=1000, required=False, allow_blank=True, default="")


class LegalHoldOut(Output):
    """`lifted` is null while it stands."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    reason = serializers.CharField()
    placed_by = serializers.UUIDField(source="created_by")
    lifted = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_lifted(self, row: Any) -> Any:
        lift = getattr(row, "lift", None)
        return None if lift is None else VoidedOut(lift).data

    def get_allowed_moves(self, row: Any) -> list[str]:
        return ["lift"] if getattr(row, "lift", None) is None else []
