"""Sessions over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from kapclinic.core.errors import Invalid
from kapclinic.core.http import lists
from kapclinic.core.http.etags import etag_of, require_match
from kapclinic.core.http.params import Param
from kapclinic.core.http.renderers import Told
from kapclinic.core.postgresql.scoped import Asks, ahead
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import BOOKERS, DIRECTOR, NURSES
from kapclinic.practice.selectors import of_person
from kapclinic.trail.idempotency import Locks
from kapclinic.trail.services import log_act
from programs.models import Modality
from screening.rules.documents import TELEHEALTH
from screening.selectors import active_consent, current_clearance
from sessions.booking.http import locks_of_booking
from sessions.booking.models import Session
from sessions.booking.rules import CAREGIVERS
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import Ask
from sessions.visits import services
from sessions.visits.api import session_bodies, session_filters
from sessions.visits.api.nearest import TellsNearest, sought_by, team_of
from sessions.visits.selectors import warnings
from sessions.visits.selectors.consequences import asks_standing
from sessions.visits.selectors.nearest import Sought
from sessions.visits.selectors.sessions import (
    asks_session_row,
    session_row,
    session_rows,
)

ASK = (
    "kind",
    "modality",
    "starts_at",
    "ends_at",
    "room",
    "staff",
    "override_reason",
    "override",
    "client_location",
)


class SessionViewSet(lists.HotList, TellsNearest):
    object_type = "session"
    client_path = "client_id"
    reports = frozenset({"list"})
    roles: ClassVar = {
        **dict.fromkeys(("list", "retrieve"), BOOKERS | {Role.BILLING}),
        **dict.fromkeys(("create", "partial_update", "reschedule", "swap"), BOOKERS),
        **dict.fromkeys(("check_in", "cancel", "no_show", "stage", "undo", "correct_time"), BOOKERS),
        **dict.fromkeys(("start", "complete"), CAREGIVERS),
        "not_dosed": NURSES,
    }
    late_roles: ClassVar = dict.fromkeys(("start", "complete", "not_dosed"), DIRECTOR)
    inputs: ClassVar = {
        "create": session_bodies.SessionIn,
        "partial_update": session_bodies.SessionPatch,
        "reschedule": session_bodies.RescheduleIn,
        "swap": session_bodies.SwapIn,
        "check_in": session_bodies.CheckInIn,
        "start": session_bodies.MomentIn,
        "complete": session_bodies.MomentIn,
        "cancel": session_bodies.CancelIn,
        "no_show": session_bodies.EndIn,
        "not_dosed": session_bodies.EndIn,
        "stage": session_bodies.StageIn,
        "undo": session_bodies.UndoIn,
        "correct_time": session_bodies.CorrectTimeIn,
    }
    output = session_bodies.SessionOut
    outputs: ClassVar = {"stage": session_bodies.StageOut, "swap": session_bodies.BookedPlanOut}
    created = frozenset({"create", "stage"})
    params: ClassVar = {
        "reschedule": (Param("preview", "bool", doc="true: nothing moves, the answer tells what would"),)
    }
    filters = (
        Param(
            "date",
            "date",
            session_filters.on_date,
            doc="local date of each location; also what began before and reaches into it",
        ),
        Param("from", "datetime", "starts_at__gte"),
        Param("to", "datetime", "starts_at__lt"),
        Param("location", "uuid", "location_id"),
        Param("room", "uuid", "room_id"),
        Param("staff", "uuid", session_filters.with_staff),
        Param("client", "uuid", of_person("client_id")),
        Param("program", "uuid", "program_id"),
        Param("kind", choices=tuple(SessionKind.values)),
        Param("status", choices=tuple(Session.Status.values)),
    )
    hints = (session_filters.SEATS,)
    orderings: ClassVar = {"starts_at": "starts_at", "created_at": "created_at"}
    default_order = ("starts_at",)
    clients: list[UUID] | None = None  # of a booking: the client under every id, once locked with the key

    @classmethod
    def visible(cls, user: Any, path: lists.Path) -> QuerySet[Session]:
        return Session.objects.visible_to(user)

    @classmethod
    def columns(cls, queryset: QuerySet[Session], user: Any) -> QuerySet[Session, Any]:
        return session_rows(queryset, by=user)

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.visible_to(self.user)

    def hinted(self, values: dict[str, Any]) -> dict[str, Any]:
        return session_filters.hinted(values, self.source)

    def is_past(self) -> bool:
        return self.is_over(self.query().get("date"))

    def rows(self, page: list[Any]) -> list[Any]:
        return session_bodies.all_shown(page, self.user)

    def one(
        self, session_id: UUID, *, status: int = 200, warnings: Callable[[], list[str]] | None = None
    ) -> Response:
        """The session as a list shows it, with its ETag."""
        row = session_row(session_id, by=self.user)
        if row is None:
            raise Http404
        self.touch(row)
        self._object_id = session_id
        body = session_bodies.shown(row, self.user)
        if warnings is not None:
            body["warnings"] = warnings()
        return Told(body, status=status, headers={"ETag": etag_of(body["version"])})

    def reauthorise(self, answer: Any) -> None:
        super().reauthorise(answer)
        also = {row["id"] for row in answer.get("also", ())} if isinstance(answer, dict) else set()
        if also and self.get_queryset().filter(pk__in=also).count() != len(also):
            raise Http404

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.one(pk)

    @cached_property
    def asked(self) -> tuple[Any, Ask] | APIException:  # Any: the body, as `SessionIn` has checked it
        """What is to be booked, or why that can't be read: a request may only be refused behind its key."""
        try:
            body = self.body()
        except APIException as exc:
            return exc
        return body, Ask(**{name: body[name] for name in ASK if name in body})

    def locks(self) -> Locks | None:
        """All that a booking locks, where that is its course with room, staff and client (`services.locks_alone`)."""
        if self.action != "create" or isinstance(self.asked, APIException):
            return None
        body, ask = self.asked
        if not services.locks_alone(kind=ask.kind, hold_id=body.get("hold")):
            return None
        course, resources = body["program"], ask.resources
        return locks_of_booking(self.user, course=course, resources=resources, told=self.note_clients)

    def behind_locks(self) -> Sequence[Asks]:
        """What a booking asks behind its locks: its course, who waits for it, and what is taken."""
        if self.action != "create" or isinstance(self.asked, APIException):
            return ()
        body, ask = self.asked
        return services.asks_behind(program_id=body["program"], ask=ask, by=self.user, at=self.at)

    def note_clients(self, ids: list[UUID] | None) -> None:
        self.clients = ids

    def missed(self, refusal: ResourceConflict) -> Sought | None:
        if self.action == "create" and not isinstance(self.asked, APIException):
            body, ask = self.asked
            return sought_by(body["program"], ask, obligation=body.get("obligation"))
        return self._missed_by_a_move() if self.action == "reschedule" else None

    def _missed_by_a_move(self) -> Sought:
        """What is not named stays as it is."""
        session, body = self.get_object(), self.body()
        return Sought(
            program=session.program_id,
            kind=session.kind,
            modality=body.get("modality", session.modality),
            starts_at=body["starts_at"],
            ends_at=body["ends_at"],
            team=team_of(body.get("staff") or session.staff),
            moving=session.pk,
        )

    def create(self, request: Request) -> Response:
        if isinstance(self.asked, APIException):
            raise self.asked
        body, ask = self.asked
        session = services.book(
            program_id=body["program"],
            ask=ask,
            obligation_id=body.get("obligation"),
            hold_id=body.get("hold"),
            by=self.user,
            at=self.at,
            clients=self.clients,
        )
        ahead([*asks_session_row(session.pk, by=self.user), *asks_standing(session)])
        return self.one(session.pk, status=201, warnings=partial(warnings.warnings_of, session))

    def partial_update(self, request: Request, pk: UUID) -> Response:
        session = self.matched()
        services.change(session=session, values=self.given(session), by=self.user, at=self.at)
        return self.one(session.pk)

    @extend_schema(
        responses=PolymorphicProxySerializer(
            "MovedOrPreview",
            [session_bodies.MovedOut, session_bodies.PreviewOut],
            resource_type_field_name=None,
        )
    )
    def reschedule(self, request: Request, pk: UUID) -> Response:
        """Move a session, and all of `also` or none. With `preview=true` nothing moves: the answer says what would."""
        session = self.get_object()
        as_read = partial(require_match, request) if request.headers.get("If-Match") else None
        body = self.body()
        asked = {"session_id": session.pk, "values": body, "by": self.user, "at": self.at}
        if self.only_looks():
            if as_read is not None:
                as_read(session)
            return Response(session_bodies.PreviewOut(services.preview(**asked)).data)
        moved = services.reschedule(**asked, as_read=as_read)
        answer = self.one(moved.pk, warnings=partial(warnings.warnings_of, moved))
        if body.get("also"):
            answer.data |= {"also": self._moved_too([row["session"] for row in body["also"]])}
        return answer

    def _moved_too(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        """These as a list shows them, in this order; the move of each is an act of its own in the audit log."""
        rows = session_rows(self.get_queryset().filter(pk__in=ids), by=self.user)
        shown = {row["id"]: row for row in session_bodies.all_shown(rows, self.user)}
        self.touch_all(shown.values())
        for pk in ids:
            log_act(
                by=self.user.pk,
                roles=self.user.role_set,
                action=f"{self.object_type}.{self.action}",
                object_type=self.object_type,
                object_id=pk,
                clients=[shown[pk]["client"]],
                at=self.at,
            )
        return [shown[pk] for pk in ids]

    def swap(self, request: Request) -> Response:
        body = self.body()
        for name in ("first", "second"):
            if not self.get_queryset().filter(pk=body[name]).exists():
                raise Invalid.field(name, "There is no such session for you.", code="not_found")
        pair = services.swap(
            first_id=body["first"], second_id=body["second"], reason=body["reason"], by=self.user, at=self.at
        )
        both = self.get_queryset().filter(pk__in=[session.pk for session in pair])
        shown = session_bodies.all_shown(session_rows(both, by=self.user).order_by("starts_at"), self.user)
        self.touch_all(shown)
        return Told({"sessions": shown})

    def check_in(self, request: Request, pk: UUID) -> Response:
        """Note that the client is here; with `move_to_now` on another day than the session's."""
        session = self.get_object()
        verb = services.check_in_now if self.body()["move_to_now"] else services.check_in
        self._moved(verb, session)
        return self.one(session.pk, warnings=partial(self._warnings, session))

    def _moved(self, verb: Callable[..., Session], session: Session) -> None:
        body = self.body()
        verb(
            session_id=session.pk,
            moment=body.get("at", self.at),
            override_reason=body["override_reason"],
            by=self.user,
            at=self.at,
        )

    def _warnings(self, session: Session) -> list[str]:
        """Check-in refuses nothing for these: a dose asks for the clearance, a session by video for its consent."""
        found = []
        if session.kind == SessionKind.DOSING:
            cleared = current_clearance(program_id=session.program_id, at=self.at)
            found += [] if cleared else ["not_cleared"]
        if session.modality == Modality.VIDEO:
            agreed = active_consent(program_id=session.program_id, document=TELEHEALTH, at=self.at)
            found += [] if agreed else ["no_telehealth_consent"]
        return found

    def start(self, request: Request, pk: UUID) -> Response:
        session = self.get_object()
        self._moved(services.start, session)
        return self.one(session.pk)

    def complete(self, request: Request, pk: UUID) -> Response:
        session = self.get_object()
        self._moved(services.complete, session)
        return self.one(session.pk)

    def not_dosed(self, request: Request, pk: UUID) -> Response:
        session = self.get_object()
        body = self.body()
        services.end_undosed(
            session_id=session.pk,
            reason=body["reason"],
            moment=body.get("at", self.at),
            override_reason=body["override_reason"],
            by=self.user,
            at=self.at,
        )
        return self.one(session.pk)

    def cancel(self, request: Request, pk: UUID) -> Response:
        return self._end("cancel")

    def no_show(self, request: Request, pk: UUID) -> Response:
        return self._end("no_show")

    def _end(self, move: str) -> Response:
        session = self.get_object()
        body = self.body()
        services.end(
            session_id=session.pk,
            move=move,
            reason=body["reason"],
            moment=body.get("at"),
            override_reason=body.get("override_reason", ""),
            by=self.user,
            at=self.at,
        )
        return self.one(session.pk)

    def stage(self, request: Request, pk: UUID) -> Response:
        session, body = self.get_object(), self.body()
        row = services.note_stage(
            session_id=session.pk,
            stage=body["stage"],
            moment=body.get("at", self.at),
            override_reason=body["override_reason"],
            by=self.user,
            at=self.at,
        )
        return Response(session_bodies.StageOut(row).data, status=201)

    def undo(self, request: Request, pk: UUID) -> Response:
        """Take the last move back: a mistaken check-in, start, completion or no-show."""
        session, body = self.get_object(), self.body()
        services.undo(
            session_id=session.pk, move=body["move"], reason=body["reason"], by=self.user, at=self.at
        )
        return self.one(session.pk)

    def correct_time(self, request: Request, pk: UUID) -> Response:
        """Put right when a move was made. The time that was said before stays in `undone`."""
        session, body = self.get_object(), self.body()
        services.correct_time(
            session_id=session.pk,
            move=body["move"],
            moment=body["at"],
            reason=body["reason"],
            by=self.user,
            at=self.at,
        )
        return self.one(session.pk)
