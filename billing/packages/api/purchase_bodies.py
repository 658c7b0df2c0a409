"""Bodies of package purchases."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.packages import rules
from billing.packages.api.package_bodies import PackageItemOut
from kapclinic.core import transitions
from kapclinic.core.http.fields import Input, Moment, Money, Output


class PurchaseIn(Input):
    """`payment` holds the package's price at least; its money is kept for the package."""

    client = serializers.UUIDField()
    package = serializers.UUIDField()
    payment = serializers.UUIDField()


class PurchasedItemOut(PackageItemOut):
    drawn = serializers.IntegerField()
    left = serializers.IntegerField()


class DrawOut(Output):
    """What a charge that stands took of the item at `position`."""

    position = serializers.IntegerField()
    charge = serializers.UUIDField()
    quantity = serializers.IntegerField()
    amount = Money()


class PurchaseOut(Output):
    """A purchase never changes, so its version stays 1: what was drawn and how it ended are rows of their own.

    `unused` is the price less what standing charges drew; `refundable` what of it a refund of the payment may give
    back now, none before the purchase is cancelled.
    """

    id = serializers.UUIDField()
    version = serializers.IntegerField(default=1)
    created_at = Moment()
    client = serializers.UUIDField(source="client_id")
    location = serializers.UUIDField(source="location_id")
    package = serializers.UUIDField(source="package_id")
    payment = serializers.UUIDField(source="payment_id")
    name = serializers.CharField()
    price = Money()
    items = serializers.SerializerMethodField()
    draws = DrawOut(many=True, source="draws_made")
    drawn = Money()
    unused = Money()
    refundable = Money()
    status = serializers.SerializerMethodField()
    cancelled_at = Moment(allow_null=True)
    cancel_reason = serializers.CharField(allow_null=True)
    allowed_moves = serializers.SerializerMethodField()

    @extend_schema_field(PurchasedItemOut(many=True))
    def get_items(self, row: Any) -> Any:
        return PurchasedItemOut(rules.items_left(row.items, row.draws_made), many=True).data

    def get_status(self, row: Any) -> str:
        items = rules.items_left(row.items, row.draws_made)
        return rules.status_of(items, cancelled=row.cancelled_at is not None)

    def get_allowed_moves(self, row: Any) -> list[str]:
        by = self.context["request"].user
        return transitions.allowed(rules.PURCHASE_MOVES, state=self.get_status(row), by=by)
