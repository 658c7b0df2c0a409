"""A dosing session's own record over HTTP."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.practice.rules import CLINICIANS, DIRECTOR
from sessions.booking.http import InSession
from sessions.notes import rules, selectors
from sessions.notes.api import record_bodies as s
from sessions.notes.models import RecordEntry
from sessions.notes.services import records


class RecordViewSet(InSession):
    """The part of the medical record that the people in the room write together: summaries only.

    What a therapist keeps for themselves goes into a psychotherapy note, never here.
    """

    object_type = "record_entry"
    roles: ClassVar = {"retrieve": CLINICIANS, "create": rules.ANY_WRITER, "void": rules.ANY_WRITER}
    late_roles: ClassVar = {"create": DIRECTOR}
    inputs: ClassVar = {"create": s.RecordEntryIn, "void": Reason}
    output = s.RecordEntryOut
    outputs: ClassVar = {"retrieve": s.RecordOut}

    def get_queryset(self) -> QuerySet[RecordEntry]:
        return selectors.record_entries(session_id=self.session.pk)

    def retrieve(self, request: Request, session_id: UUID) -> Response:
        return Response(self.represent(selectors.record_of(self.session)))

    def create(self, request: Request, session_id: UUID) -> Response:
        said = {"observed_at": self.at} | self.body()
        entry = records.append_entry(session_id=session_id, **said, by=self.user, at=self.at)
        return self.answer(entry, status=201)

    def void(self, request: Request, session_id: UUID, pk: UUID) -> Response:
        entry = self.get_object()
        records.void_entry(entry=entry, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())
