"""A client's account over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.ledger.selectors import payment_places
from billing.statements import selectors
from billing.statements.api import account_bodies
from kapclinic.core.errors import NotPermitted
from kapclinic.core.http.fields import shown
from kapclinic.practice.models import Client
from kapclinic.practice.rules import BILLERS, FRONT_DESK
from kapclinic.trail.http import ClinicViewSet


class AccountViewSet(ClinicViewSet):
    """Billing reads all of it; the front desk the balance alone, of the locations where it takes payments."""

    object_type = "client"
    client_path = "id"
    logged = frozenset({"account"})
    roles: ClassVar = {"account": BILLERS}
    leave_roles: ClassVar = {"account": FRONT_DESK}
    output = account_bodies.AccountOut

    def has_leave(self) -> bool:
        return bool(payment_places(self.user))

    def get_queryset(self) -> QuerySet[Client]:
        found: QuerySet[Client] = Client.objects.visible_to(self.user)
        return found

    @extend_schema(
        responses=PolymorphicProxySerializer(
            "AccountByRole",
            [account_bodies.AccountOut, account_bodies.DeskAccountOut],
            resource_type_field_name=None,
        )
    )
    def account(self, request: Request, pk: Any) -> Response:
        client, places = self.get_object(), payment_places(self.user)
        for_billing = bool(self.user.role_set & BILLERS)
        if not for_billing and not set(places) & set(client.locations):
            raise NotPermitted("The front desk takes no payments where this client is.")
        found = asdict(selectors.account(client=client.pk, locations=places, at=self.at))
        body = {"client": client.pk, "client_name": client.legal_name} | found
        output = account_bodies.AccountOut if for_billing else account_bodies.DeskAccountOut
        return Response(shown(output, body, context=self.get_serializer_context()))
