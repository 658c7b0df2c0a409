"""Psychotherapy notes over HTTP: their author's alone (R9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.params import Param
from kapclinic.practice.factors import opening
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin
from sessions.notes import rules, services
from sessions.notes.api import psychotherapy_note_bodies
from sessions.notes.models import PsychotherapyNote


class PsychotherapyNoteViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """The caller's own private notes. Anybody else's does not exist, whatever the caller's role (rule R9).
    After a reset by others they are sealed until the author opens them (403 `private_notes_sealed`)."""

    object_type = "psychotherapy_note"
    client_path = "session.client_id"
    roles: ClassVar = {
        "list": rules.PSYCHOTHERAPISTS,
        "create": rules.PSYCHOTHERAPISTS,
        "retrieve": ANYONE,
        "partial_update": ANYONE,
    }
    whole = frozenset(roles)
    inputs: ClassVar = {
        "create": psychotherapy_note_bodies.PsychotherapyNoteIn,
        "partial_update": psychotherapy_note_bodies.PsychotherapyNotePatch,
    }
    output = psychotherapy_note_bodies.PsychotherapyNoteOut
    outputs: ClassVar = {"list": psychotherapy_note_bodies.PsychotherapyNoteRow}
    filters = (Param("session", "uuid", "session_id"),)
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)
    replay_by_id = True
    opens_by_glass = False

    def _run(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        """Reads as well: the text leaves only together with its audit event, and none while the notes are sealed."""
        opening.require_open(self.user)
        with transaction.atomic():
            return super()._run(handler, request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[PsychotherapyNote]:
        own: QuerySet[PsychotherapyNote] = PsychotherapyNote.objects.of_author(self.user)
        rows = own.select_related("session")
        return rows.select_for_update(of=("self",)) if self.action == "partial_update" else rows

    def create(self, request: Request) -> Response:
        note = services.write_psychotherapy_note(**self.body(), by=self.user, at=self.at)
        return self.answer(note, status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        note = self.matched()
        text = self.body()["text"]
        return self.answer(services.edit_psychotherapy_note(note=note, text=text, by=self.user, at=self.at))
