"""Bodies of doses."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output
from sessions.booking.http import LateReason
from sessions.dosing.models import Administration
from sessions.drugs.api.witness_bodies import WitnessIn
from sessions.integration.models import Obligation


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
    override_reason = LateReason()

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
