"""What happened at the doors, over HTTP."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet

from kapclinic.core.http.params import Param
from kapclinic.practice import rules, selectors
from kapclinic.practice.api.audit_event_bodies import AuditEventOut
from kapclinic.trail import selectors as trail
from kapclinic.trail.http import ClinicViewSet, ListMixin
from kapclinic.trail.models import DOORS, AuditEvent


class AuditEventViewSet(ListMixin, ClinicViewSet):
    """Who signed in or was refused, whose password, roles or account somebody changed, and what was asked for by people
    who are not signed in. Who looked at a client stands in that client's access log, and not here.
    """

    object_type = "audit_event"
    roles: ClassVar = {"list": rules.ADMIN | rules.DIRECTOR}
    output = AuditEventOut
    filters = (
        Param("from", "datetime", "created_at__gte", doc="from this moment on"),
        Param("to", "datetime", "created_at__lt", doc="before this moment"),
        Param("user", "uuid", "created_by", doc="who it was"),
        Param("object_id", "uuid", doc="whose account it is about, or which calendar"),
        Param("object_type", choices=DOORS),
        Param("action", doc="as the rows say it, e.g. auth.login"),
        Param("outcome", choices=("ok", "refused")),
        Param("address", "address", doc="where it came from"),
    )
    orderings: ClassVar = {"at": "created_at"}
    default_order = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return trail.at_the_doors().annotate(name=selectors.actor_name())
