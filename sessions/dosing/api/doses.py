"""Doses over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet, Subquery
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.rules import CLINICIANS, DIRECTOR, NURSES
from kapclinic.trail.http import ListMixin, RetrieveMixin
from sessions.booking.http import InSession
from sessions.dosing import selectors, services
from sessions.dosing.api import dose_bodies
from sessions.dosing.models import Administration
from sessions.drugs.api.witness import Witnessed


class AdministrationViewSet(Witnessed, ListMixin, RetrieveMixin, InSession):
    object_type = "administration"
    roles: ClassVar = {
        "list": CLINICIANS,
        "retrieve": CLINICIANS,
        "create": NURSES,
        "finish": NURSES,
    }
    late_roles: ClassVar = {"create": DIRECTOR}
    inputs: ClassVar = {"create": dose_bodies.AdministrationIn, "finish": dose_bodies.FinishIn}
    output = dose_bodies.AdministrationOut
    default_order = ("administered_at",)
    key_required = frozenset({"create", "finish"})
    vital = frozenset({"create", "finish"})
    holding = frozenset({"create"})
    with_course = True

    def get_queryset(self) -> QuerySet[Administration]:
        related = ("session__obligation", "finish", "void")
        rows = Administration.objects.filter(session=self.session).select_related(*related)
        first = selectors.standing_doses(session_id=self.session.pk).values("pk")[:1]
        return rows.annotate(first=Subquery(first))

    def witness_location(self, body: Mapping[str, Any]) -> UUID | None:
        return self.session.location_id

    def behind_locks(self) -> Sequence[Asks]:
        return [services.asks_here(self.kwargs["session_id"])]

    def create(self, request: Request, session_id: UUID) -> Response:
        body = self.body()
        body.pop("witness", None)
        dose = services.record_administration(
            session_id=session_id,
            override_reason=body.pop("override_reason"),
            values=body,
            witness=self.witness(),
            by=self.user,
            at=self.at,
            locked=self.has_locked,
        )
        return self.answer(_as_read(dose), status=201)

    def finish(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        dose = self.get_object()
        body = self.body()
        body.pop("witness", None)
        services.finish_administration(
            dose_id=dose.pk, values=body, witness=self.witness(), by=self.user, at=self.at
        )
        return self.answer(self.get_object())


def _as_read(dose: Any) -> Any:
    """A dose that was recorded a moment ago, as it is when it is read back: what it has not got is known."""
    dose.first = dose.pk if dose.is_first else None
    for row, name in ((dose, "finish"), (dose, "void"), (dose.session, "obligation")):
        relation = getattr(type(row), name).related
        if not relation.is_cached(row):
            relation.set_cached_value(row, None)
    return dose
