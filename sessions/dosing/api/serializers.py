"""Bodies of the dosing day."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from programs.models import Route
from sessions.dosing import rules
from sessions.dosing.models import Administration
from sessions.drugs.api.serializers import WitnessIn
from sessions.integration.models import Obligation


class OrderIn(Input):
    drug = Text(max_length=80)
    route = serializers.ChoiceField(Route.choices)
    dose_mg = Milligrams(required=False, allow_null=True)
    dose_mg_per_kg = Milligrams(required=False, allow_null=True)
    max_total_mg = Milligrams()
    valid_until = Moment()
    form = Text(max_length=80, required=False, allow_blank=True, default="")
    reason = Text(max_length=1000, required=False, allow_blank=True, default="")
    above_cap_reason = Text(max_length=1000, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("dose_mg") is not None and attrs.get("dose_mg_per_kg") is not None:
            raise serializers.ValidationError(
                {"dose_mg_per_kg": ["Give dose_mg or dose_mg_per_kg, not both."]}
            )
        for name in ("dose_mg", "dose_mg_per_kg", "max_total_mg"):
            if attrs.get(name) is not None and attrs[name] <= 0:
                raise serializers.ValidationError({name: ["An amount above 0 is expected."]})
        return attrs


class ApprovalOut(Output):
    by = serializers.UUIDField(source="approver_id")
    reason = serializers.CharField()
    at = Moment(source="created_at")


class DoseWarningOut(Output):
    code = serializers.CharField()
    detail = serializers.CharField()


class OrderOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    prescriber = serializers.UUIDField(source="prescriber_id")
    drug = serializers.CharField()
    route = serializers.CharField()
    dose_mg = Milligrams()
    dose_mg_per_kg = Milligrams(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    weighed_at = Moment(allow_null=True)
    max_total_mg = Milligrams()
    valid_until = Moment()
    form = serializers.CharField()
    reason = serializers.CharField()
    above_cap_reason = serializers.CharField()
    waits = serializers.BooleanField()
    approval = serializers.SerializerMethodField()
    warnings = serializers.SerializerMethodField()

    @extend_schema_field(ApprovalOut(allow_null=True))
    def get_approval(self, order: Any) -> dict[str, Any] | None:
        return ApprovalOut(order.approval).data if hasattr(order, "approval") else None

    @extend_schema_field(DoseWarningOut(many=True))
    def get_warnings(self, order: Any) -> list[dict[str, str]]:
        return rules.order_warnings(order.session.program.protocol.dose, order)


class AdministrationIn(Input):
    order = serializers.UUIDField()
    dose_mg = Milligrams()
    supply = serializers.ChoiceField(Administration.Supply.choices)
    drug_lot = serializers.UUIDField(required=False, allow_null=True)
    administered_at = Moment()
    given_by = serializers.ChoiceField(Administration.GivenBy.choices)
    devices = serializers.IntegerField(min_value=1, max_value=10, required=False, allow_null=True)
    drawn_mg = Milligrams(required=False, allow_null=True)
    given_mg = Milligrams(required=False, allow_null=True)
    wasted_mg = Milligrams(required=False, allow_null=True)
    ended_at = Moment(required=False, allow_null=True)
    witness = WitnessIn(required=False, allow_null=True)

    def validate_dose_mg(self, value: Any) -> Any:
        if value <= 0:
            raise serializers.ValidationError("A dose above 0 mg is expected.")
        return value


class OwedOut(Output):
    id = serializers.UUIDField()
    window_start = Moment()
    window_end = Moment()
    state = serializers.CharField()


class FinishOut(Output):
    ended_at = Moment()
    given_mg = Milligrams()
    wasted_mg = Milligrams()


class AdministrationOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    order = serializers.UUIDField(source="order_id")
    is_first = serializers.SerializerMethodField(help_text="of the doses that were not voided")
    drug = serializers.CharField()
    route = serializers.CharField()
    dose_mg = Milligrams()
    dose_mg_per_kg = Milligrams(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    volume_ml = Milligrams(allow_null=True)
    supply = serializers.CharField()
    drug_lot = serializers.UUIDField(allow_null=True)
    given_by = serializers.CharField()
    devices = serializers.IntegerField(allow_null=True)
    staff = serializers.UUIDField(source="staff_id")
    drawn_mg = Milligrams(allow_null=True)
    given_mg = Milligrams(allow_null=True)
    wasted_mg = Milligrams(allow_null=True)
    administered_at = Moment()
    recorded_at = Moment()
    finish = serializers.SerializerMethodField()
    voided = serializers.SerializerMethodField()
    obligation = serializers.SerializerMethodField()

    def get_is_first(self, dose: Any) -> bool:
        return bool(dose.first == dose.pk)

    def get_finish(self, dose: Any) -> dict[str, Any] | None:
        return FinishOut(dose.finish).data if hasattr(dose, "finish") else None

    def get_voided(self, dose: Any) -> bool:
        return hasattr(dose, "void")

    def get_obligation(self, dose: Any) -> dict[str, Any] | None:
        found: Obligation | None = getattr(dose.session, "obligation", None)
        return OwedOut(found).data if found is not None else None

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """A dose that ran on answers with what its end says."""
        row: dict[str, Any] = super().to_representation(instance)
        return row | (row["finish"] or {})


class FinishIn(Input):
    ended_at = Moment()
    given_mg = Milligrams()
    wasted_mg = Milligrams()
    witness = WitnessIn(required=False, allow_null=True)


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
    state = serializers.ChoiceField(choices=["pass", "open", "overridden"])
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
