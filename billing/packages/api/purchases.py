"""Package purchases over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger.models import LedgerQuerySet
from billing.packages import selectors
from billing.packages.api import purchase_bodies
from billing.packages.models import PackagePurchase
from billing.packages.services import purchases
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin


class PurchaseViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = PackagePurchase.objects.all()
    object_type = "package_purchase"
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "cancel"), BILLERS)
    inputs: ClassVar = {"create": purchase_bodies.PurchaseIn, "cancel": EntryReason}
    output = purchase_bodies.PurchaseOut
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("package", "uuid", "package_id"),
        Param("payment", "uuid", "payment_id"),
        Param("location", "uuid", "location_id"),
        Param("cancelled", "bool", lambda qs, value, user: qs.filter(cancellation__isnull=not value)),
    )
    orderings: ClassVar = {"created_at": "created_at", "price": "price"}
    default_order = ("-created_at",)

    def get_queryset(self) -> LedgerQuerySet:
        return selectors.purchases().visible_to(self.user)

    def create(self, request: Request) -> Response:
        made = purchases.buy_package(values=self.body(), by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)

    def cancel(self, request: Request, pk: Any) -> Response:
        purchase, reason = self.get_object(), self.body()["reason"]
        purchases.cancel_purchase(purchase=purchase, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=purchase.pk))
