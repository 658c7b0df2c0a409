"""Bodies of tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from kapclinic.practice.rules import CLINICIANS, PRESCRIBER
from screening.models.labs import LabKind, LabWord
from screening.rules.labs import counts_until

WORDS = "negative, positive or inconclusive of urine_hcg and drug_screen; normal, abnormal or inconclusive of the rest"


class LabResultIn(Input):
    client = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LabKind.choices)
    result = serializers.ChoiceField(choices=LabWord.choices, help_text=WORDS)
    value = serializers.DecimalField(
        max_digits=10, decimal_places=3, min_value=0, required=False, allow_null=True, default=None
    )
    unit = Text(max_length=20, required=False, allow_blank=True, default="")
    taken_at = Moment()


class LabResultOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    kind = serializers.ChoiceField(choices=LabKind.choices)
    result = serializers.ChoiceField(choices=LabWord.choices)
    value = serializers.DecimalField(max_digits=10, decimal_places=3, allow_null=True)
    unit = serializers.CharField()
    taken_at = Moment()
    counts_until = serializers.SerializerMethodField(
        help_text="by `labs_days` or `ecg_days` of the protocol that the client is on, else of the default policy"
    )
    recorded_by = serializers.UUIDField(source="created_by")
    voided = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(Moment())
    def get_counts_until(self, row: Any) -> datetime:
        return counts_until(kind=row.kind, taken_at=row.taken_at, limits=row.limits or {})

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, row: Any) -> Any:
        void = getattr(row, "void", None)
        return None if void is None else VoidedOut(void).data

    def get_allowed_moves(self, row: Any) -> list[str]:
        user = self.context["request"].user
        own = row.created_by == user.pk and user.role_set & CLINICIANS
        may = getattr(row, "void", None) is None and (own or user.role_set & PRESCRIBER)
        return ["void"] if may else []
