"""Bodies of the drug ledger."""

from __future__ import annotations

from decimal import Decimal

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from sessions.drugs.rules import BY_HAND_CHOICES

LEAST = Decimal("0.001")


class WitnessIn(Input):
    """A second staff member, who types their own password."""

    user = serializers.UUIDField()
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class LotIn(Input):
    location = serializers.UUIDField(source="location_id")
    drug = Text(max_length=80)
    form = Text(max_length=60)
    concentration_mg_per_ml = Milligrams(min_value=LEAST, required=False, allow_null=True)
    lot_number = Text(max_length=60)
    expires_on = serializers.DateField()
    quantity_mg = Milligrams(min_value=LEAST)
    supplier = Text(max_length=160)
    invoice = Text(max_length=80)


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
    supplier = serializers.CharField()
    invoice = serializers.CharField()
    balance_mg = Milligrams()


class EntryIn(Input):
    """`amount_mg` is signed for `correct`, what was counted for `count`, and more than zero for the rest."""

    lot = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=BY_HAND_CHOICES)
    amount_mg = Milligrams(min_value=None)
    reason = Text(min_length=3, max_length=1000)
    witness = WitnessIn(required=False, allow_null=True)


class EntryOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    created_by = serializers.UUIDField()
    lot = serializers.UUIDField(source="lot_id")
    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    amount_mg = Milligrams()
    delta_mg = Milligrams()
    balance_mg = Milligrams()
    given_mg = Milligrams(allow_null=True)
    wasted_mg = Milligrams(allow_null=True)
    administration = serializers.UUIDField(allow_null=True)
    session = serializers.UUIDField(source="session_id", allow_null=True)
    client = serializers.UUIDField(source="client_id", allow_null=True)
    reason = serializers.CharField()
    witness = serializers.UUIDField(source="witness_id", allow_null=True)
    witness_verified_at = Moment(allow_null=True)
    previous_hash = serializers.CharField()
    hash = serializers.CharField()
