"""Bodies of record exports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.records.models import RecordExport
from billing.records.rules.exports import RECORD_EXPORT_MOVES
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text


class RecordExportIn(Input):
    client = serializers.UUIDField(source="client_id")
    reason = Text(min_length=3, max_length=1000)


class FilesDoneOut(Output):
    """In files of the archive."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()


class NotHeldOut(Output):
    """A file that the archive does not hold, and why."""

    name = serializers.CharField()
    reason = serializers.CharField()


class RecordExportOut(Output):
    """`sha256` is that of the archive, once there is one; `expires_at` is when its file ends; `size` is in bytes."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    state = serializers.CharField()
    failure = serializers.CharField()
    progress = FilesDoneOut(source="*")
    left_out = NotHeldOut(many=True)
    sha256 = serializers.SerializerMethodField()
    size = serializers.IntegerField(allow_null=True)
    ended_at = Moment(allow_null=True)
    expires_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_sha256(self, row: RecordExport) -> str | None:
        return row.sha256 or None

    def get_allowed_moves(self, row: Any) -> list[str]:
        return transitions.allowed(RECORD_EXPORT_MOVES, state=row.state, by=self.context["request"].user)
