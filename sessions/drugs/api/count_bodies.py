"""Bodies of counts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output
from sessions.drugs import rules
from sessions.drugs.api.lot_bodies import ContainersOut
from sessions.drugs.api.witness_bodies import WitnessIn
from sessions.drugs.models import DrugCount


class CountLineIn(Input):
    lot = serializers.UUIDField()
    counted_mg = Milligrams()


class CountIn(Input):
    """What two people found. `business` goes with an inventory: taken at the open or at the close."""

    location = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DrugCount.Kind.choices)
    business = serializers.ChoiceField(choices=DrugCount.Business.choices, required=False, allow_null=True)
    counted_at = Moment(required=False, allow_null=True)
    lines = serializers.ListField(child=CountLineIn(), min_length=1, max_length=500)
    witness = WitnessIn()


class CountSheetOut(Output):
    """A lot as the counter sees it: what it is, and not what it should hold."""

    lot = serializers.UUIDField(source="pk")
    location = serializers.UUIDField(source="location_id")
    drug = serializers.CharField()
    form = serializers.CharField()
    concentration_mg_per_ml = Milligrams(allow_null=True)
    container_mg = Milligrams(allow_null=True)
    lot_number = serializers.CharField()
    expires_on = serializers.DateField()


class CountLineOut(Output):
    """One lot of a count, with what an inventory must say of it (21 CFR 1304.11(e))."""

    lot = serializers.UUIDField(source="lot_id")
    drug = serializers.CharField(source="lot.drug")
    form = serializers.CharField(source="lot.form")
    concentration_mg_per_ml = Milligrams(source="lot.concentration_mg_per_ml", allow_null=True)
    container_mg = Milligrams(source="lot.container_mg", allow_null=True)
    lot_number = serializers.CharField(source="lot.lot_number")
    expires_on = serializers.DateField(source="lot.expires_on")
    expected_mg = Milligrams()
    counted_mg = Milligrams()
    difference_mg = Milligrams(min_value=None)
    containers = serializers.SerializerMethodField()
    entry = serializers.UUIDField(source="entry_id", allow_null=True)
    discrepancy = serializers.UUIDField(source="entry.discrepancy.pk", allow_null=True, default=None)

    @extend_schema_field(ContainersOut(allow_null=True))
    def get_containers(self, line: Any) -> dict[str, Any] | None:
        held = rules.containers(balance_mg=line.counted_mg, container_mg=line.lot.container_mg)
        return None if held is None else dict(ContainersOut(held).data)


class CountOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    location = serializers.UUIDField(source="location_id")
    kind = serializers.CharField()
    business = serializers.CharField()
    counted_at = Moment()
    complete = serializers.BooleanField()
    taken_by = serializers.UUIDField(source="created_by")
    witness = serializers.UUIDField(source="witness_id")
    witness_verified_at = Moment()
    lines = CountLineOut(many=True, source="lines.all")
