"""Bodies of allergies."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text, VoidedOut
from kapclinic.practice.rules import CLINICIANS
from screening.models import Allergy
from screening.rules.allergies import STATES


class AllergyIn(Input):
    substance = Text(max_length=200)
    reaction = Text(max_length=500, required=False, allow_blank=True, default="")
    severity = serializers.ChoiceField(
        choices=Allergy.Severity.choices, required=False, allow_null=True, default=None
    )


class AllergyOut(Output):
    """`severity` is null where nobody said; `voided` is null while it stands."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    substance = serializers.CharField()
    reaction = serializers.CharField()
    severity = serializers.SerializerMethodField()
    recorded_by = serializers.UUIDField(source="created_by")
    voided = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=Allergy.Severity.choices, allow_null=True))
    def get_severity(self, row: Any) -> str | None:
        return row.severity or None

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, row: Any) -> Any:
        void = getattr(row, "void", None)
        return None if void is None else VoidedOut(void).data

    def get_allowed_moves(self, row: Any) -> list[str]:
        may = getattr(row, "void", None) is None and self.context["request"].user.role_set & CLINICIANS
        return ["void"] if may else []


class NoneKnownOut(Output):
    by = serializers.UUIDField(source="created_by")
    at = Moment(source="created_at")


class ScreenedOut(Output):
    """What the last submitted screening says of an allergy to ketamine; it stands whatever the list says."""

    screening = serializers.UUIDField()
    answer = serializers.JSONField(help_text="true, false, “unknown”, or null: left out")
    at = Moment()


class AllergiesOut(Output):
    """`none_recorded`: nobody asked; `none_known`: somebody did, and there is none; `listed`: look at `results`."""

    client = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    results = AllergyOut(many=True)
    none_known = NoneKnownOut(allow_null=True)
    screened = ScreenedOut(allow_null=True)
