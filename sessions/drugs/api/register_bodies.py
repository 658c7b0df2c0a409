"""Bodies of the register."""

from __future__ import annotations

from rest_framework import serializers

from kapclinic.core.http.fields import Milligrams, Moment, Output
from sessions.drugs.api.lot_bodies import ContainersOut


class RegisterPersonOut(Output):
    name = serializers.CharField()
    initials = serializers.CharField()
    credentials = serializers.CharField()


class RegisterClientOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()


class SupplierOut(Output):
    name = serializers.CharField()
    address = serializers.CharField()
    dea_number = serializers.CharField()
    invoice = serializers.CharField()


class RegisterOut(Output):
    """One line of the register, with what 21 CFR 1304.22(c) asks for."""

    id = serializers.UUIDField()
    lot = serializers.UUIDField()
    drug = serializers.CharField()
    form = serializers.CharField()
    concentration_mg_per_ml = Milligrams(allow_null=True)
    ndc = serializers.CharField()
    lot_number = serializers.CharField()
    expires_on = serializers.DateField()
    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    date = serializers.DateField()
    occurred_at = Moment()
    recorded_at = Moment()
    amount_mg = Milligrams(min_value=None)
    volume_ml = Milligrams(allow_null=True, min_value=None)
    given_mg = Milligrams(allow_null=True)
    wasted_mg = Milligrams(allow_null=True)
    delta_mg = Milligrams(min_value=None)
    balance_mg = Milligrams()
    containers = ContainersOut(allow_null=True)
    client = RegisterClientOut(allow_null=True)
    session = serializers.UUIDField(allow_null=True)
    administration = serializers.UUIDField(allow_null=True)
    by = RegisterPersonOut()
    witness = RegisterPersonOut(allow_null=True)
    witness_verified_at = Moment(allow_null=True)
    supplier = SupplierOut(allow_null=True)
    reason = serializers.CharField()
    form_106_number = serializers.CharField()
    counterpart = serializers.UUIDField(allow_null=True)
