"""Private notes that a reset sealed, over HTTP: their author opens them, or two people do."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.http.fields import Empty
from kapclinic.core.http.params import Param
from kapclinic.practice.api import private_note_bodies
from kapclinic.practice.api.second_step import show_factor
from kapclinic.practice.factor_models import PrivateNoteOpening
from kapclinic.practice.factors import opening, selectors
from kapclinic.practice.models import User
from kapclinic.practice.rules import ADMIN, DIRECTOR
from kapclinic.trail.http import ANYONE, ClinicViewSet, ListMixin, RetrieveMixin


class PrivateNotesViewSet(ClinicViewSet):
    """The caller's own psychotherapy notes, sealed since somebody else reset their password or second factors."""

    object_type = "private_notes"
    idempotent = False
    roles: ClassVar = {"open": ANYONE}
    by_session = frozenset({"open"})
    inputs: ClassVar = {"open": private_note_bodies.OpenIn}

    def open(self, request: Request) -> Response:
        """Open them with a second factor or a recovery code from before the reset."""
        body = self.body()
        user: User = self.user
        sealed_at = opening.seal_to_open(user)
        problem = show_factor(request, user=user, body=body, at=self.at, before=sealed_at)
        if problem is not None:
            return problem
        opening.open_own(user=user, sealed_at=sealed_at, at=self.at)
        return Response(status=204)


class PrivateNoteOpeningViewSet(ListMixin, RetrieveMixin, ClinicViewSet):
    """An author has nothing left from before the reset: a medical director and an administrator open their private
    notes together. The author is told of both steps; they are read by nobody else.
    """

    queryset = PrivateNoteOpening.objects.none()
    object_type = "private_note_opening"
    roles: ClassVar = dict.fromkeys(("list", "retrieve", "create", "approve", "decline"), ADMIN | DIRECTOR)
    fresh = frozenset({"create", "approve", "decline"})
    inputs: ClassVar = {"create": private_note_bodies.OpeningIn, "approve": Empty, "decline": Empty}
    output = private_note_bodies.OpeningOut
    filters = (
        Param("state", "text", "state_now", choices=tuple(PrivateNoteOpening.State.values)),
        Param("user", "uuid", "user_id"),
    )
    orderings: ClassVar = {"created_at": "created_at"}
    default_order = ("-created_at",)

    def get_queryset(self) -> Any:
        return selectors.openings(at=self.at)

    def create(self, request: Request) -> Response:
        body, by = self.body(), self.user
        row = opening.ask_for_opening(user_id=body["user"], reason=body["reason"], by=by, at=self.at)
        return self.answer(row, status=201)

    def approve(self, request: Request, pk: Any) -> Response:
        """A person of the other role agrees: neither who asked nor the author."""
        self.body()
        by: User = self.user
        return self.answer(opening.approve_opening(opening_id=self.get_object().pk, by=by, at=self.at))

    def decline(self, request: Request, pk: Any) -> Response:
        self.body()
        by: User = self.user
        return self.answer(opening.decline_opening(opening_id=self.get_object().pk, by=by, at=self.at))
