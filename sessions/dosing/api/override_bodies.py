"""Bodies of overrides, as they are read afterwards."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Moment, Output
from sessions.booking.http import NOTHING, AboutOut
from sessions.dosing.gates.table import GATES

LABELS = {gate.code: gate.label for gate in GATES}


class OverrideReadOut(Output):
    at = Moment(source="created_at")
    by = serializers.UUIDField(source="read_by_id")


class ListedOverrideOut(AboutOut):
    """A gate that somebody passed on their own responsibility; `assigned_to` is the name of who did."""

    id = serializers.UUIDField()
    created_at = Moment()
    client = serializers.UUIDField(source="session.client_id")
    program = serializers.UUIDField(source="session.program_id")
    gate = serializers.CharField()
    gate_label = serializers.SerializerMethodField()
    reason = serializers.CharField()
    by = serializers.UUIDField(source="created_by")
    role = serializers.CharField()
    for_day = serializers.DateField(allow_null=True)
    read = serializers.SerializerMethodField()

    def get_label(self, row: Any) -> str:
        words = f"Read why this gate was passed: {self.get_gate_label(row)}."
        return NOTHING if hasattr(row, "reading") else words

    def get_gate_label(self, row: Any) -> str:
        return str(LABELS.get(row.gate, row.gate))

    @extend_schema_field(OverrideReadOut(allow_null=True))
    def get_read(self, row: Any) -> dict[str, Any] | None:
        return dict(OverrideReadOut(row.reading).data) if hasattr(row, "reading") else None
