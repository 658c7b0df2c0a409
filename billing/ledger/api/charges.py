"""Charges over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from billing.codes.models import LineKind
from billing.ledger import selectors
from billing.ledger.api import charge_bodies
from billing.ledger.models import Charge, LedgerQuerySet
from billing.ledger.services import charges, reversals
from kapclinic.core.http.params import Param
from kapclinic.core.http.words import EntryReason
from kapclinic.practice.rules import BILLERS, DIRECTOR
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin

STATUSES = {
    "standing": {"reverses__isnull": True, "reversal__isnull": True},
    "reversed": {"reverses__isnull": True, "reversal__isnull": False},
    "reversal": {"reverses__isnull": False},
}
STATUS = Param("status", choices=tuple(STATUSES), lookup=lambda qs, value, user: qs.filter(**STATUSES[value]))
OF_CHARGES = STATUSES | {
    "standing": STATUSES["standing"] | {"in_review": False},
    "review": {"in_review": True},
}


class ChargeViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    queryset = Charge.objects.all()
    object_type = "charge"
    created = frozenset({"create", "reverse"})
    client_path = "client_id"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "reverse"), BILLERS) | {
        "confirm": DIRECTOR
    }
    inputs: ClassVar = {"create": charge_bodies.ChargeIn, "reverse": EntryReason, "confirm": EntryReason}
    output = charge_bodies.ChargeOut
    outputs: ClassVar = {"create": charge_bodies.PostedChargeOut}
    filters = (
        Param("client", "uuid", of_person("client_id")),
        Param("session", "uuid", "session_id"),
        Param("program", "uuid", "session__program_id"),
        Param("location", "uuid", "location_id"),
        Param("rendering", "uuid", "rendering_id"),
        Param("code", lookup="code__code"),
        Param("line_kind", choices=tuple(LineKind.values)),
        Param("from_date", "date", "date_of_service__gte", doc="services of this day and later"),
        Param("to_date", "date", "date_of_service__lte", doc="services of this day and earlier"),
        Param(
            "owed", "bool", lambda qs, value, user: qs.filter(**{"balance__gt" if value else "balance": 0})
        ),
        Param(
            "status",
            choices=tuple(OF_CHARGES),
            lookup=lambda qs, value, user: qs.filter(**OF_CHARGES[value]),
            doc="review: above the fee, and not confirmed",
        ),
    )
    orderings: ClassVar = {
        "date_of_service": "date_of_service",
        "created_at": "created_at",
        "amount": "amount",
        "balance": "balance",
    }
    default_order = ("-date_of_service", "-created_at")

    def get_queryset(self) -> LedgerQuerySet:
        return selectors.charges().visible_to(self.user)

    def create(self, request: Request) -> Response:
        made = charges.post_charge(values=self.body(), by=self.user, at=self.at)
        charge: Any = self.get_queryset().get(pk=made.pk)
        charge.warnings = charges.warnings_of(charge)
        return self.answer(charge, status=201)

    def confirm(self, request: Request, pk: Any) -> Response:
        reason = self.body()["reason"]
        row = charges.confirm_charge(charge=self.get_object(), reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=row.pk))

    def reverse(self, request: Request, pk: Any) -> Response:
        made = reversals.reverse_charge(
            charge=self.get_object(), reason=self.body()["reason"], by=self.user, at=self.at
        )
        return self.answer(self.get_queryset().get(pk=made.pk), status=201)
