"""Bodies of the dosing day."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from programs.models import Route
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

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("dose_mg") is not None and attrs.get("dose_mg_per_kg") is not None:
            raise serializers.ValidationError(
                {"dose_mg_per_kg": ["Give dose_mg or dose_mg_per_kg, not both."]}
            )
        for name in ("dose_mg", "dose_mg_per_kg", "max_total_mg"):
            if attrs.get(name) is not None and attrs[name] <= 0:
                raise serializers.ValidationError({name: ["An amount above 0 is expected."]})
        return attrs


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
    max_total_mg = Milligrams()
    valid_until = Moment()


class AdministrationIn(Input):
    order = serializers.UUIDField()
    dose_mg = Milligrams()
    supply = serializers.ChoiceField(Administration.Supply.choices)
    drug_lot = serializers.UUIDField(required=False, allow_null=True)
    administered_at = Moment()
    given_by = serializers.ChoiceField(Administration.GivenBy.choices)
    drawn_mg = Milligrams(required=False, allow_null=True)
    given_mg = Milligrams(required=False, allow_null=True)
    wasted_mg = Milligrams(required=False, allow_null=True)
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
    is_first = serializers.BooleanField()
    drug = serializers.CharField()
    route = serializers.CharField()
    dose_mg = Milligrams()
    dose_mg_per_kg = Milligrams(allow_null=True)
    weight_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    volume_ml = Milligrams(allow_null=True)
    supply = serializers.CharField()
    drug_lot = serializers.UUIDField(allow_null=True)
    given_by = serializers.CharField()
    staff = serializers.UUIDField(source="staff_id")
    drawn_mg = Milligrams(allow_null=True)
    given_mg = Milligrams(allow_null=True)
    wasted_mg = Milligrams(allow_null=True)
    administered_at = Moment()
    recorded_at = Moment()
    finish = serializers.SerializerMethodField()
    voided = serializers.SerializerMethodField()
    obligation = serializers.SerializerMethodField()

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


class GateOut(Output):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=["pass", "open", "overridden"])
    who_can_clear = serializers.ListField(child=serializers.CharField())
    overridable_by = serializers.ListField(child=serializers.CharField())
    detail = serializers.CharField()


class ReadinessOut(Output):
    ready = serializers.BooleanField()
    gates = GateOut(many=True)


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


class AdverseEventIn(Input):
    term = Text(max_length=120)
    grade = serializers.IntegerField(min_value=1, max_value=5)
    serious = serializers.BooleanField()
    onset_at = Moment()
    resolved_at = Moment(required=False, allow_null=True)
    causality = Text(max_length=40)
    action = Text(max_length=200)
    outcome = Text(max_length=200)
    note = Text(required=False, allow_blank=True, default="")


class AdverseEventOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    term = serializers.CharField()
    grade = serializers.IntegerField()
    serious = serializers.BooleanField()
    onset_at = Moment()
    resolved_at = Moment(allow_null=True)
    causality = serializers.CharField()
    action = serializers.CharField()
    outcome = serializers.CharField()
    note = serializers.CharField()


class ChecklistIn(Input):
    """What staff state; what the record can compute is computed and may be left out."""

    minimum_stay = serializers.BooleanField(required=False)
    vitals = serializers.BooleanField(required=False)
    sedation = serializers.BooleanField(required=False)
    oriented = serializers.BooleanField(required=False)
    walks_unaided = serializers.BooleanField(required=False)
    symptoms_tolerable = serializers.BooleanField(required=False)
    safety_addressed = serializers.BooleanField(required=False)
    instructions_given = serializers.BooleanField(required=False)
    escort = serializers.BooleanField(required=False)
    integration_booked = serializers.BooleanField(required=False)


class DischargeIn(Input):
    checklist = ChecklistIn()
    escort_present = serializers.BooleanField()
    discharged_at = Moment()
    override_reason = Text(max_length=1000, required=False, allow_blank=True, default="")


class DischargeOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    session = serializers.UUIDField(source="session_id")
    checklist = serializers.DictField(child=serializers.BooleanField(allow_null=True))
    escort_present = serializers.BooleanField()
    discharged_at = Moment()
    no_drive_until = Moment()
    override_reason = serializers.CharField()
    by = serializers.UUIDField(source="created_by")
