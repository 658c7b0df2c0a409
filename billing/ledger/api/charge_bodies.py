"""Bodies of charges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.codes.models import LineKind
from billing.ledger.models import MOST_DIAGNOSES, Charge
from billing.ledger.rules import NDC_UNITS, status_of
from kapclinic.core.http.fields import Input, Moment, Money, Output, Text
from kapclinic.core.http.words import Words
from kapclinic.practice.rules import DIRECTOR

CENT = Decimal("0.01")


WITHOUT_SESSION = ("client", "location", "date_of_service")


class ChargeIn(Input):
    """`amount` is the price of the whole line; left out, it is the fee times the units.

    With a session the client, the location and the day are the session's. Without one they are named, and only one of
    the clinic's own codes is charged, such as for a missed appointment. `amount_reason` is wanted of a line below the
    fee, `kind_reason` of a line of another kind than its code; `override_reason` is the medical director's, who lets
    minutes and overlap pass.
    """

    session = serializers.UUIDField(required=False)
    client = serializers.UUIDField(required=False)
    location = serializers.UUIDField(required=False)
    date_of_service = serializers.DateField(required=False)
    code = Text(max_length=15)
    units = serializers.IntegerField(min_value=1, max_value=999)
    amount = Money(min_value=0, required=False)
    amount_reason = Words(min_length=3, max_length=1000, required=False)
    diagnoses = serializers.ListField(child=Text(max_length=8), max_length=MOST_DIAGNOSES, required=False)
    modifiers = serializers.ListField(child=Text(max_length=10), max_length=10, required=False)
    line_kind = serializers.ChoiceField(LineKind.choices, required=False)
    kind_reason = Words(min_length=3, max_length=1000, required=False)
    override_reason = Words(min_length=3, max_length=1000, required=False)
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
        named = [name for name in WITHOUT_SESSION if name in attrs]
        if "session" in attrs and named:
            detail = serializers.ErrorDetail("The session says it.", code="not_with_session")
            raise serializers.ValidationError({name: [detail] for name in named})
        if "session" not in attrs and len(named) < len(WITHOUT_SESSION):
            detail = serializers.ErrorDetail("Name the session, or all of these.", code="required")
            wanted = [name for name in WITHOUT_SESSION if name not in attrs] if named else ["session"]
            raise serializers.ValidationError({name: [detail] for name in wanted})
        return attrs


class ClinicianAsOut(Output):
    """A clinician as on the day of the signature."""

    name = serializers.CharField()
    credentials = serializers.CharField()
    npi = serializers.CharField()
    license = serializers.CharField()


class WarningOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class EntryOut(Output):
    """What every ledger row tells; an entry never changes, so its version stays 1, but for a payment's."""

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
    """A charge in `review` is above the fee: it stands on no document until the medical director confirms it."""

    session = serializers.UUIDField(source="session_id", allow_null=True)
    session_kind = serializers.SerializerMethodField()
    session_number = serializers.SerializerMethodField()
    program = serializers.SerializerMethodField()
    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="client.legal_name")
    location = serializers.UUIDField(source="location_id")
    rendering = serializers.UUIDField(source="rendering_id", allow_null=True)
    rendering_as = ClinicianAsOut(allow_null=True)
    supervisor_as = ClinicianAsOut(allow_null=True)
    code = serializers.CharField(source="code.code")
    label = serializers.CharField()  # type: ignore[assignment]
    units = serializers.IntegerField()
    unit_amount = Money(allow_null=True)
    amount = Money()
    amount_reason = serializers.CharField()
    adjustments = Money(source="adjusted")
    paid = Money()
    balance = Money()
    diagnoses = serializers.ListField(child=serializers.CharField())
    modifiers = serializers.ListField(child=serializers.CharField())
    line_kind = serializers.CharField()
    kind_reason = serializers.CharField()
    override_reason = serializers.CharField()
    date_of_service = serializers.DateField()
    pos_code = serializers.CharField()
    ndc = serializers.CharField()
    ndc_quantity = serializers.DecimalField(max_digits=9, decimal_places=3, allow_null=True)
    ndc_unit = serializers.CharField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_session_kind(self, row: Charge) -> str | None:
        return None if row.session is None else row.session.kind

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_session_number(self, row: Charge) -> int | None:
        return None if row.session is None else row.session.number

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_program(self, row: Charge) -> UUID | None:
        return None if row.session is None else row.session.program_id

    def get_status(self, row: Charge) -> str:
        return status_of(row)

    def get_allowed_moves(self, row: Charge) -> list[str]:
        found = {"standing": ["reverse"], "review": ["confirm", "reverse"]}.get(status_of(row), [])
        may = self.context["request"].user.role_set & DIRECTOR
        return [move for move in found if may or move != "confirm"]


class PostedChargeOut(ChargeOut):
    """A charge as just made, with what a payer may query; warnings never refuse."""

    warnings = WarningOut(many=True)
