"""Readings over HTTP. When the first dose was given, and when the client left, is told from above."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http import lists
from kapclinic.core.http.fields import Reason
from kapclinic.core.statements import Statement, compiled
from kapclinic.practice.rules import CLINICIANS, DIRECTOR, NURSES
from kapclinic.trail.http import RetrieveMixin
from sessions.booking.http import InSession
from sessions.booking.models import Session
from sessions.monitoring import selectors, services
from sessions.monitoring.api import reading_bodies
from sessions.monitoring.models import Check, Reading
from sessions.monitoring.rules import phase_at
from sessions.monitoring.services.alarms import Beside


class Told(NamedTuple):
    """What the rooms above know of a session: when its first dose was given, and when the client left."""

    session: Session
    dosed_at: datetime | None
    left_at: datetime | None
    beside: Beside


# No docstrings on the two views: a docstring here is a description in the schema.
class ReadingViewSet(ABC, lists.HotList, RetrieveMixin, InSession):
    object_type = "reading"
    roles: ClassVar = {"list": CLINICIANS, "retrieve": CLINICIANS, "create": NURSES, "void": NURSES}
    late_roles: ClassVar = {"create": DIRECTOR}
    inputs: ClassVar = {"create": reading_bodies.ReadingIn, "void": Reason}
    output = reading_bodies.ReadingOut
    default_order = ("measured_at",)
    key_required = frozenset({"create"})
    holding = frozenset({"create"})
    vital = frozenset({"list", "retrieve", "create", "void"})

    @classmethod
    @abstractmethod
    def dose_times(cls, session_id: UUID | OuterRef) -> QuerySet[Any, Any]:
        """When the session's standing doses were given, the first one first."""

    @abstractmethod
    def locked(self) -> Told:
        """The session's row, locked, with what a new reading is judged beside: read behind the lock."""

    @abstractmethod
    def heard(self, reading: Reading) -> None:
        """Let whoever stands above hear of a reading, in its transaction."""

    def get_queryset(self) -> QuerySet[Reading]:
        rows = Reading.objects.filter(session=self.session).select_related("void").prefetch_related("checks")
        return rows.annotate(dosed_at=Subquery(self.dose_times(self.session.pk)[:1]))

    # --- the list: session, first dose and readings in one statement ----------------------------------------

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if self.action != "list":
            super().initial(request, *args, **kwargs)
            return
        super(InSession, self).initial(request, *args, **kwargs)
        try:
            self.query()
        except Invalid:
            self.enter(kwargs["session_id"])  # a session that is not there is told before a wrong parameter

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            return super().list(request, *args, **kwargs)
        except Invalid:
            self.enter(kwargs["session_id"])
            raise

    @classmethod
    def visible(cls, user: Any, path: lists.Path) -> QuerySet[Reading]:
        return Reading.objects.filter(session=path["session_id"])

    @classmethod
    def columns(cls, queryset: QuerySet[Reading], user: Any) -> QuerySet[Reading, Any]:
        return selectors.reading_rows(queryset)

    @classmethod
    def shaped(cls, page: Statement, shape: lists.Shape) -> Statement | None:
        session = Session.objects.visible_to(shape.asker).filter(pk=shape.path["session_id"])
        dosed_at = Subquery(cls.dose_times(OuterRef("pk"))[:1])
        beside = compiled(session.values("client", dosed_at=dosed_at), shape.stand_ins)
        return None if beside is None else beside.over(page)

    def found(self, *asked: Any) -> lists.Page:
        rows = super().found(*asked)
        if not rows:
            raise Http404
        self._touched.add(rows[0]["client"])
        return [row for row in rows if row["id"] is not None]

    def touch_all(self, rows: Iterable[Any]) -> None:
        """Whose record it is, `found` has noted, also of a session without a reading."""

    def rows(self, page: lists.Page) -> lists.Page:
        return [
            {name: row[name] for name in reading_bodies.COLUMNS} | {"version": 1}
            for row in self._as_dosed(page)
        ]

    def _as_dosed(self, page: lists.Page) -> lists.Page:
        """In the phase that the first dose puts a reading in now: hardly ever another than it was recorded in."""
        other = [
            row for row in page if row["phase"] != phase_at(row["measured_at"], dosed_at=row["dosed_at"])
        ]
        if other:
            judge = selectors.judge_of(session_id=self.kwargs["session_id"], dosed_at=page[0]["dosed_at"])
            for row in other:
                row.update(judge(row))
        return page

    # --- one reading ----------------------------------------------------------------------------------------

    def represent(self, row: Any, *, many: bool = False) -> Any:
        """In the phase that the first dose puts a reading in now."""
        selectors.as_dosed([row], session=self.session, dosed_at=row.dosed_at)
        return super().represent(row, many=many)

    def create(self, request: Request, session_id: UUID) -> Response:
        body = self.body()
        told = self.locked()
        reading = services.record_reading(
            session=told.session,
            override_reason=body.pop("override_reason"),
            values=body,
            dosed_at=told.dosed_at,
            left_at=told.left_at,
            beside=told.beside,
            by=self.user,
            at=self.at,
        )
        self.heard(reading)
        return self.answer(_as_read(reading, told), status=201)

    def void(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        reading = self.get_object()
        reason = self.body()["reason"]
        services.void_reading(reading=reading, reason=reason, by=self.user, at=self.at)
        return self.answer(self.get_object())


def _as_read(reading: Any, told: Told) -> Any:
    """A reading that was written a moment ago, as it is when it is read back: with its checks, and without a void."""
    reading.dosed_at = told.dosed_at
    reading.bands = dict(sorted(reading.bands.items(), key=lambda band: (len(band[0]), band[0])))  # as jsonb
    type(reading).void.related.set_cached_value(reading, None)
    answered = Check.objects.none()
    answered._result_cache = [row for row in told.beside.checks if row.reading_id == reading.pk]  # noqa: SLF001
    reading._prefetched_objects_cache = {"checks": answered}  # noqa: SLF001
    return reading
