"""Bodies of fee agreements."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from kapclinic.core.http.fields import Input, Moment, Output, Text
from kapclinic.core.http.words import Words


class FeeAgreementPatch(Input):
    """When it ends, and the words behind it; who pays what, a new agreement says."""

    to_date = serializers.DateField(allow_null=True)
    basis = Words(max_length=1000)


class FeeAgreementIn(FeeAgreementPatch):
    """`tier` is the name of one of the scale's; both days count, and `to_date` null leaves the end open."""

    client = serializers.UUIDField()
    scale = serializers.UUIDField()
    tier = Text(max_length=40)
    from_date = serializers.DateField()
    to_date = serializers.DateField(required=False, allow_null=True, default=None)


class FeeAgreementOut(Output):
    """`percent` of the fee stays due, as it was agreed: a tier that changes later does not change it."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="client.legal_name")
    scale = serializers.UUIDField(source="scale_id")
    tier = serializers.CharField()
    percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    from_date = serializers.DateField()
    to_date = serializers.DateField(allow_null=True)
    basis = serializers.CharField()
    voided_at = Moment(allow_null=True)
    void_reason = serializers.CharField()
    status = serializers.SerializerMethodField()
    allowed_moves = serializers.SerializerMethodField()

    def get_status(self, row: Any) -> str:
        return "standing" if row.voided_at is None else "voided"

    def get_allowed_moves(self, row: Any) -> list[str]:
        return ["void"] if row.voided_at is None else []
