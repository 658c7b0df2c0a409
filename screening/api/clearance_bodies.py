"""Bodies of clearances."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Output, Text
from screening import rules
from screening.models import Clearance, SuspendingCode


class AnswerIn(Input):
    reason = serializers.UUIDField()
    resolution = Text(min_length=3)


class UpholdIn(Input):
    rationale = Text(min_length=3)
    resolutions = AnswerIn(many=True, max_length=200)  # type: ignore[call-arg]


class ReasonOut(Output):
    id = serializers.UUIDField()
    code = serializers.ChoiceField(SuspendingCode.choices)
    subject_type = serializers.CharField()
    subject_id = serializers.UUIDField()
    at = Moment()
    resolution = serializers.CharField(allow_null=True)
    upheld_by = serializers.UUIDField(allow_null=True)
    upheld_at = Moment(allow_null=True)


# Any: the reasons are JSON from one subquery, so that a list costs no query more.
def _reasons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reasons with their times as moments."""
    times = ("at", "upheld_at")
    return [row | {name: row[name] and datetime.fromisoformat(row[name]) for name in times} for row in rows]


def state_of(clearance: Clearance, reasons: list[dict[str, Any]], *, at: datetime) -> str:
    """How the clearance stands on the local day of `at`."""
    return rules.clearance_state(
        clearance,
        suspended=any(row["resolution"] is None for row in reasons),
        today=at.astimezone(clearance.program.location.zone).date(),
    ).state


class Stated(Output):
    """What every answer about a clearance shows of how it stands."""

    state = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    def _rows(self, clearance: Any) -> list[dict[str, Any]]:
        return clearance.reasons  # type: ignore[no-any-return]

    @extend_schema_field(serializers.CharField(help_text="standing, suspended, expired or voided"))
    def get_state(self, clearance: Any) -> str:
        return state_of(clearance, self._rows(clearance), at=self.context["view"].at)

    @extend_schema_field(ReasonOut(many=True))
    def get_reasons(self, clearance: Any) -> Any:
        return ReasonOut(_reasons(self._rows(clearance)), many=True).data


class ClearanceOut(Stated):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    program = serializers.UUIDField(source="program_id")
    client = serializers.UUIDField(source="program.client_id")
    screening = serializers.UUIDField(source="screening_id")
    decision = serializers.CharField()
    rationale = serializers.CharField()
    decided_by = serializers.UUIDField(source="decided_by_id")
    valid_from = Moment()
    expires_on = serializers.DateField(allow_null=True)
    voided_at = Moment(allow_null=True)
    voided_by = serializers.UUIDField(source="voided_by_id", allow_null=True)
    void_reason = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_allowed_moves(self, clearance: Any) -> list[str]:
        return transitions.allowed(
            rules.CLEARANCE_MOVES, state=self.get_state(clearance), by=self.context["request"].user
        )
