"""Bodies of coverages."""

from __future__ import annotations

from rest_framework import serializers

from billing.coverages.models import Coverage
from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.practice.api.location_bodies import AddressIn


class SubscriberIn(Input):
    """Who holds the policy, when that is not the client."""

    name = Text(max_length=160)
    date_of_birth = serializers.DateField()
    address = AddressIn(required=False)


class CoveragePatch(Input):
    """All that may change later; whose coverage it is stays."""

    payer = serializers.UUIDField(required=False, allow_null=True)
    member_id = Text(max_length=40, required=False, allow_blank=True)
    group_number = Text(max_length=40, required=False, allow_blank=True)
    relationship = serializers.ChoiceField(Coverage.Relationship.choices, required=False)
    subscriber = SubscriberIn(required=False, allow_null=True)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True)
    intent = serializers.ChoiceField(Coverage.Intent.choices)


class CoverageIn(CoveragePatch):
    """An uninsured client needs neither payer nor number."""

    client = serializers.UUIDField()


class SubscriberOut(Output):
    name = serializers.CharField()
    date_of_birth = serializers.DateField()
    address = serializers.JSONField(default=None)


class CoverageOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    payer = serializers.UUIDField(source="payer_id", allow_null=True)
    payer_name = serializers.SerializerMethodField()
    member_id = serializers.CharField()
    group_number = serializers.CharField()
    relationship = serializers.CharField()
    subscriber = SubscriberOut(source="holder", allow_null=True)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)
    intent = serializers.CharField()
    status = serializers.CharField()
    void_reason = serializers.CharField()
    allowed_moves = serializers.SerializerMethodField()

    def get_payer_name(self, row: Coverage) -> str:
        return row.payer.name if row.payer is not None else ""

    def get_allowed_moves(self, row: Coverage) -> list[str]:
        return ["void"] if row.voided_at is None else []
