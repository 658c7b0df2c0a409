"""Notes over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Reason
from kapclinic.core.http.params import Param
from kapclinic.practice.doors import confirm_password
from kapclinic.practice.rules import DIRECTOR
from kapclinic.practice.selectors import of_person
from kapclinic.trail.http import ClinicViewSet, ListMixin, RetrieveMixin
from sessions.notes import rules, selectors, services
from sessions.notes.api import inbox_bodies, note_bodies
from sessions.notes.models import Note
from sessions.notes.services.notes import Care


class NoteViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    object_type = "note"
    created = frozenset({"create", "addenda"})
    client_path = "session.client_id"
    roles: ClassVar = {
        "list": rules.READERS,
        "retrieve": rules.READERS,
        "create": rules.ANY_WRITER,
        "partial_update": rules.ANY_WRITER,
        "discard": rules.ANY_WRITER | DIRECTOR,
        "sign": rules.ANY_WRITER,
        "cosign": rules.COSIGNERS,
        "give_back": rules.COSIGNERS,
        "addenda": rules.ANY_WRITER,
        "inbox": rules.ANY_WRITER,
    }
    logged = frozenset({"list", "retrieve", "inbox"})
    inputs: ClassVar = {
        "create": note_bodies.NoteIn,
        "partial_update": note_bodies.NotePatch,
        "discard": Reason,
        "sign": note_bodies.AuthorSignIn,
        "cosign": note_bodies.SignIn,
        "give_back": note_bodies.ReturnIn,
        "addenda": note_bodies.AddendumIn,
    }
    output = note_bodies.NoteOut
    outputs: ClassVar = {"addenda": note_bodies.AddendumOut, "inbox": inbox_bodies.InboxOut}
    filters = (
        Param("session", "uuid", "session_id"),
        Param("program", "uuid", "session__program_id"),
        Param("client", "uuid", of_person("session__client_id")),
        Param("author", "uuid", "author_id"),
        Param("status", choices=tuple(Note.Status.values)),
        Param("kind", choices=tuple(Note.Kind.values)),
    )
    orderings: ClassVar = {"created_at": "created_at", "updated_at": "updated_at", "signed_at": "signed_at"}
    default_order = ("-created_at",)
    signing: ClassVar[frozenset[str]] = frozenset({"sign", "cosign"})
    fresh = frozenset({"sign", "cosign", "addenda"})
    confirmed = False

    def before_write(self) -> None:
        """Check the signer's password outside the transaction: a wrong one is counted although it is refused."""
        data = self.request.data
        password = data.get("password") if isinstance(data, Mapping) else None
        if self.action in self.signing and isinstance(password, str):
            me: Any = self.user
            self.confirmed = confirm_password(user=me, password=password, at=self.at)

    def get_queryset(self) -> QuerySet[Note]:
        rows = selectors.notes().visible_to(self.user)
        return rows.select_for_update(of=("self",)) if self.action == "partial_update" else rows

    def create(self, request: Request) -> Response:
        body = self.body()
        care: Care = {
            "service_started_at": body.pop("service_started_at", None),
            "service_ended_at": body.pop("service_ended_at", None),
        }
        note = services.write_note(**body, care=care, by=self.user, at=self.at)
        return self.answer(self.get_queryset().get(pk=note.pk), status=201)

    def partial_update(self, request: Request, pk: Any) -> Response:
        note = self.matched()
        return self.answer(
            services.edit_note(note_id=note.pk, values=self.given(note), by=self.user, at=self.at)
        )

    def present(self, row: Note, name: str) -> Mapping[str, Any]:
        """The sections of the draft; under another frame those of them that it has too."""
        data: Any = self.request.data
        frame = data.get("frame")
        known = rules.FRAMES.get(frame) if isinstance(frame, str) and frame != row.frame else None
        return {key: text for key, text in row.sections.items() if known is None or key in known}

    def discard(self, request: Request, pk: Any) -> Response:
        note = self.get_object()
        services.discard_note(note_id=note.pk, reason=self.body()["reason"], by=self.user, at=self.at)
        return self.answer(self.get_object())

    def sign(self, request: Request, pk: Any) -> Response:
        covering = self.body().get("covering_reason", "")
        note = self.get_object()
        signed = services.sign_note(
            note_id=note.pk, confirmed=self.confirmed, covering_reason=covering, by=self.user, at=self.at
        )
        return self.answer(signed)

    def cosign(self, request: Request, pk: Any) -> Response:
        self.body()
        note = self.get_object()
        signed = services.cosign_note(note_id=note.pk, confirmed=self.confirmed, by=self.user, at=self.at)
        return self.answer(signed)

    def give_back(self, request: Request, pk: Any) -> Response:
        """Return a note that waits for a second signature to its author, who finds it among their drafts."""
        comment = self.body()["comment"]
        note = self.get_object()
        services.return_note(note_id=note.pk, comment=comment, by=self.user, at=self.at)
        return self.answer(self.get_object())

    def inbox(self, request: Request) -> Response:
        """What waits for the one who asks: sessions to write up, drafts, notes to cosign."""
        found = selectors.inbox(user=self.user)
        sessions = found["to_write"] + [note.session for note in found["drafts"] + found["to_cosign"]]
        self._touched.update(session.client_id for session in sessions)
        return Response(self.represent(found))

    def addenda(self, request: Request, pk: Any) -> Response:
        note = self.get_object()
        addendum = services.add_addendum(note_id=note.pk, **self.body(), by=self.user, at=self.at)
        return Response(self.represent(addendum), status=201)
