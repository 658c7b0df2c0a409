"""Bodies of drug lots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Reason, Text, VoidedOut
from sessions.drugs import rules
from sessions.drugs.api.witness_bodies import WitnessIn

LEAST = Decimal("0.001")


class LotIn(Input):
    location = serializers.UUIDField(source="location_id")
    drug = Text(max_length=80)
    form = Text(max_length=60)
    concentration_mg_per_ml = Milligrams(min_value=LEAST, required=False, allow_null=True)
    lot_number = Text(max_length=60)
    expires_on = serializers.DateField()
    quantity_mg = Milligrams(min_value=LEAST)
    container_mg = Milligrams(min_value=LEAST, required=False, allow_null=True)
    ndc = serializers.RegexField(
        r"^([0-9]{4,5}-[0-9]{3,4}-[0-9]{1,2}|[0-9]{10,11})$", required=False, allow_blank=True
    )
    supplier = Text(max_length=160)
    supplier_address = Text(max_length=200, required=False, allow_blank=True)
    supplier_dea_number = serializers.RegexField(r"^[A-Z][A-Z9][0-9]{7}$", required=False, allow_blank=True)
    invoice = Text(max_length=80)


class LotVoidIn(Reason):
    witness = WitnessIn()


class ContainersOut(Output):
    """Full containers, and what is left in the open one."""

    whole = serializers.IntegerField()
    open_mg = Milligrams()


class LotOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    location = serializers.UUIDField(source="location_id")
    drug = serializers.CharField()
    form = serializers.CharField()
    concentration_mg_per_ml = Milligrams(allow_null=True)
    lot_number = serializers.CharField()
    expires_on = serializers.DateField()
    quantity_mg = Milligrams()
    container_mg = Milligrams(allow_null=True)
    ndc = serializers.CharField()
    supplier = serializers.CharField()
    supplier_address = serializers.CharField()
    supplier_dea_number = serializers.CharField()
    invoice = serializers.CharField()
    balance_mg = Milligrams()
    containers = serializers.SerializerMethodField()
    voided = serializers.SerializerMethodField()

    @extend_schema_field(VoidedOut(allow_null=True))
    def get_voided(self, lot: Any) -> dict[str, Any] | None:
        return dict(VoidedOut(lot.void).data) if hasattr(lot, "void") else None

    @extend_schema_field(ContainersOut(allow_null=True))
    def get_containers(self, lot: Any) -> dict[str, Any] | None:
        held = rules.containers(balance_mg=lot.balance_mg, container_mg=lot.container_mg)
        return None if held is None else dict(ContainersOut(held).data)
