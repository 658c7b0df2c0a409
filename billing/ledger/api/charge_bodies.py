"""Bodies of charges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.codes.models import LineKind
from billing.ledger.models import MOST_DIAGNOSES
from billing.ledger.rules import NDC_UNITS
from kapclinic.core.http.fields import Input, Moment, Money, Output, Text

CENT = Decimal("0.01")


class ChargeIn(Input):
    """`amount` is the price of the whole line; left out, it is the fee times the units."""

    session = serializers.UUIDField()
    code = Text(max_length=15)
    units = serializers.IntegerField(min_value=1, max_value=999)
    amount = Money(min_value=0, required=False)
    diagnoses = serializers.ListField(child=Text(max_length=8), max_length=MOST_DIAGNOSES, required=False)
    modifiers = serializers.ListField(child=Text(max_length=10), max_length=10, required=False)
    line_kind = serializers.ChoiceField(LineKind.choices, required=False)
    rendering = serializers.UUIDField(required=False)
    pos_code = serializers.RegexField(r"^[0-9]{2}$", required=False)
    ndc = serializers.RegexField(r"^[0-9]{11}$", required=False)
    ndc_quantity = serializers.DecimalField(
        max_digits=9, decimal_places=3, min_value=Decimal("0.001"), required=False
    )
    ndc_unit = serializers.ChoiceField(NDC_UNITS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {"ndc", "ndc_quantity", "ndc_unit"} & set(attrs)
        if len(given) in {1, 2}:
            missing = {"ndc", "ndc_quantity", "ndc_unit"} - given
            detail = serializers.ErrorDetail("An NDC comes with its quantity and unit.", code="required")
            raise serializers.ValidationError({name: [detail] for name in sorted(missing)})
        return attrs


class WarningOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class EntryOut(Output):
    """What every ledger row tells; an entry never changes, so its version stays 1."""

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)
    reversed_by = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    status = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    def get_status(self, row: Any) -> str:
        if row.reverses_id is not None:
            return "reversal"
        return "standing" if row.reversed_by is None else "reversed"

    def get_allowed_moves(self, row: Any) -> list[str]:
        return ["reverse"] if self.get_status(row) == "standing" else []


class ChargeOut(EntryOut):
    session = serializers.UUIDField(source="session_id")
    program = serializers.UUIDField(source="session.program_id")
    client = serializers.UUIDField(source="client_id")
    location = serializers.UUIDField(source="location_id")
    rendering = serializers.UUIDField(source="rendering_id")
    code = serializers.CharField(source="code.code")
    label = serializers.CharField(source="code.label")  # type: ignore[assignment]
    units = serializers.IntegerField()
    unit_amount = Money(allow_null=True)
    amount = Money()
    adjustments = Money(source="adjusted")
    paid = Money()
    balance = Money()
    diagnoses = serializers.ListField(child=serializers.CharField())
    modifiers = serializers.ListField(child=serializers.CharField())
    line_kind = serializers.CharField()
    date_of_service = serializers.DateField()
    pos_code = serializers.CharField()
    ndc = serializers.CharField()
    ndc_quantity = serializers.DecimalField(max_digits=9, decimal_places=3, allow_null=True)
    ndc_unit = serializers.CharField()


class PostedChargeOut(ChargeOut):
    """A charge as just made, with what a payer may query; warnings never refuse."""

    warnings = WarningOut(many=True)
