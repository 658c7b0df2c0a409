"""Bodies of readiness: the gates, and an override of one."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from sessions.dosing.gates.judge import STATES


class ClearedByOut(Output):
    """What cleared a gate: in words, and the row or the person behind them where there is one."""

    text = serializers.CharField()
    kind = serializers.CharField()
    by = serializers.UUIDField(allow_null=True)
    at = Moment(allow_null=True)
    ref = serializers.UUIDField(allow_null=True)


class GatePassedOut(Output):
    reason = serializers.CharField()
    by = serializers.UUIDField()
    role = serializers.CharField()
    at = Moment()


class GateOut(Output):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(
        choices=list(STATES),
        help_text="late_paper: passed by a paper made after a dose that was entered late",
    )
    who_can_clear = serializers.ListField(child=serializers.CharField())
    overridable_by = serializers.ListField(child=serializers.CharField())
    detail = serializers.CharField()
    cleared_by = ClearedByOut(allow_null=True)
    override = GatePassedOut(allow_null=True)


class ReadinessOut(Output):
    """`ready` is: no gate is open. `advice` is asked for apart from the gates, and never blocks."""

    ready = serializers.BooleanField()
    gates = GateOut(many=True)
    advice = GateOut(many=True)


class OverrideIn(Input):
    gate = Text(max_length=30)
    reason = Text(min_length=3, max_length=1000)


class OverrideOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    gate = serializers.CharField()
    reason = serializers.CharField()
    role = serializers.CharField()
    by = serializers.UUIDField(source="created_by")
