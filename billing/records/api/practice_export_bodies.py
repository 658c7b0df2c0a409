"""Bodies of practice exports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.records.models import PracticeExport
from billing.records.rules.practice_exports import PRACTICE_EXPORT_MOVES
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text


class ReasonIn(Input):
    reason = Text(min_length=3, max_length=1000)


class PracticeExportOut(Output):
    """`sha256` is that of the archive, once there is one; `rows` counts those of all its tables; `size` is in bytes;
    `expires_at` is when its file ends. `refusal` says why it was refused."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    reason = serializers.CharField()
    asked_by = serializers.CharField()
    state = serializers.CharField()
    failure = serializers.CharField()
    decided_by = serializers.CharField(source="decider", allow_null=True)
    decided_at = Moment(allow_null=True)
    refusal = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True)
    sha256 = serializers.SerializerMethodField()
    size = serializers.IntegerField(allow_null=True)
    ended_at = Moment(allow_null=True)
    expires_at = Moment(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    def get_sha256(self, row: PracticeExport) -> str | None:
        return row.sha256 or None

    def get_allowed_moves(self, row: Any) -> list[str]:
        user = self.context["request"].user
        moves = transitions.allowed(PRACTICE_EXPORT_MOVES, state=row.state, by=user)
        own = row.created_by == user.pk
        return [move for move in moves if not (own and move in {"approve", "refuse"})]
