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
from billing.statements.rules import Standing
from kapclinic.core.errors import NotPermitted
from kapclinic.core.http.fields import shown
from kapclinic.core.http.params import Param
from kapclinic.practice.models import Client
from kapclinic.practice.rules import BILLERS, FRONT_DESK
from kapclinic.trail.http import ClinicViewSet, ListMixin

STATES = ("owes", "credit")


class AccountViewSet(ClinicViewSet):
    """Billing reads all of it; the front desk what is owed alone, of the locations where it takes payments."""

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


def _row(client: Client, standing: Standing) -> dict[str, Any]:
    return {
        "client": client.pk,
        "client_name": client.legal_name,
        "mrn": client.mrn,
        "balance": standing.balance,
        "owes": standing.owes,
        "credit": standing.credit,
        "prepaid": standing.prepaid,
        "health_credit": standing.health_credit,
        "ageing": standing.ageing,
    }


def _any(queryset: QuerySet[Client], value: object, user: Any) -> QuerySet[Client]:
    """The parameters choose the question, not only some of its rows: see `list`."""
    return queryset


class AccountListViewSet(ListMixin, ClinicViewSet):
    """Who owes money, the oldest debt first, and who has money that pays nothing yet."""

    object_type = "account"
    client_path = "client"
    roles: ClassVar = {"list": BILLERS}
    output = account_bodies.AccountRowOut
    filters = (
        Param("location", "uuid", _any),
        Param(
            "state",
            choices=STATES,
            lookup=_any,
            doc="owes: something is to be paid, as `owes` says; credit: some of their money pays nothing yet",
        ),
    )

    def get_queryset(self) -> QuerySet[Client]:
        found: QuerySet[Client] = Client.objects.all()
        return found

    def list(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = self.query()
        places = [pk for pk in self.user.locations if pk == asked.get("location", pk)]
        found = selectors.accounts(locations=places, state=asked.get("state"), at=self.at)
        page = self.paginate_queryset(found)
        clients = Client.objects.in_bulk([row["client"] for row in page])
        rows = [_row(clients[row["client"]], selectors.standing_of(row)) for row in page]
        self.touch_all(rows)
        answer: Response = self.get_paginated_response(self.represent(rows, many=True))
        return answer
