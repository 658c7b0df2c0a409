"""Bodies of drug entries."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Milligrams, Moment, Output, Text
from sessions.drugs.api.witness_bodies import WitnessIn
from sessions.drugs.rules import BY_HAND_CHOICES


class EntryIn(Input):
    """`amount_mg` is signed for `correct`, what was counted for `count`, and more than zero for the rest.

    `to_location` goes with `transfer`, and with nothing else.
    """

    lot = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=BY_HAND_CHOICES)
    amount_mg = Milligrams(min_value=None)
    reason = Text(min_length=3, max_length=1000)
    to_location = serializers.UUIDField(required=False, allow_null=True)
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
    occurred_at = Moment(allow_null=True)
    counterpart = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    witness = serializers.UUIDField(source="witness_id", allow_null=True)
    witness_verified_at = Moment(allow_null=True)
    previous_hash = serializers.CharField()
    hash = serializers.CharField()
