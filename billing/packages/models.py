"""Tables of the packages. What was bought and drawn is inserted once; a reversed charge gives its draw back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from billing.ledger.models import Charge, LedgerQuerySet, Payment
from kapclinic.core.audited import AppendOnlyModel, AuditedModel
from kapclinic.practice.models import Client, Location


class Package(AuditedModel):
    """What the clinic offers at one price. `items` is [{code, quantity, unit_amount}], which sums to it exactly."""

    name = models.CharField(max_length=120)
    items = models.JSONField()
    price = models.DecimalField(max_digits=12, decimal_places=2)
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="package_price", condition=Q(price__gt=0))
        ]

    def __str__(self) -> str:
        return self.name


class PackagePurchase(AppendOnlyModel):
    """A client's package as it was sold: name, items and price as of then. The payment's money is kept for it.

    It is no charge, so no document holds it: a charge comes with each rendered session.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", db_index=False)
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="purchases")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="purchases")
    name = models.CharField(max_length=120)
    items = models.JSONField()
    price = models.DecimalField(max_digits=12, decimal_places=2)

    # No columns: what `selectors.purchases` adds to a row.
    drawn: Decimal
    unused: Decimal
    refundable: Decimal
    draws_made: list[Any]
    cancelled_at: datetime | None
    cancel_reason: str | None

    objects: ClassVar[Any] = LedgerQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="package_purchase_price", condition=Q(price__gt=0))
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["client", "-created_at"], name="package_purchase_client"),
            models.Index(fields=["location", "-created_at"], name="package_purchase_location"),
        ]

    def __str__(self) -> str:
        return f"package purchase {self.pk}"


class PackageDraw(AppendOnlyModel):
    """What one charge took from a purchase: so many of the item at `position`. It counts while the charge stands."""

    purchase = models.ForeignKey(
        PackagePurchase, on_delete=models.PROTECT, related_name="draws", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="package_draws")
    quantity = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["purchase", "position", "charge"], name="package_draw_once"),
            models.CheckConstraint(name="package_draw_quantity", condition=Q(quantity__gte=1, amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"package draw {self.pk}"


class PackageCancellation(AppendOnlyModel):
    """The end of a purchase: `amount`, what was not used, is the client's plain credit from then on."""

    purchase = models.OneToOneField(PackagePurchase, on_delete=models.PROTECT, related_name="cancellation")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="package_cancellation_amount", condition=Q(amount__gte=0))
        ]

    def __str__(self) -> str:
        return f"package cancellation {self.pk}"
