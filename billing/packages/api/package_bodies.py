"""Bodies of packages."""

from __future__ import annotations

from rest_framework import serializers

from billing.ledger.api.charge_bodies import CENT
from kapclinic.core.http.fields import Input, Moment, Money, Output, Text


class PackageItemIn(Input):
    """So many units of a service, each at this price."""

    code = Text(max_length=15)
    quantity = serializers.IntegerField(min_value=1, max_value=999)
    unit_amount = Money(min_value=0)


class PackageIn(Input):
    """`price` is exactly what the items come to."""

    name = Text(min_length=1, max_length=120)
    items = serializers.ListField(child=PackageItemIn(), min_length=1, max_length=40)
    price = Money(min_value=CENT)
    active = serializers.BooleanField(required=False)


class PackagePatch(PackageIn):
    """What was sold stays as it was sold."""


class PackageItemOut(Output):
    code = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_amount = Money()


class PackageOut(Output):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    created_at = Moment()
    name = serializers.CharField()
    items = PackageItemOut(many=True)
    price = Money()
    active = serializers.BooleanField()
