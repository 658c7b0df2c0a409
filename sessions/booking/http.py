"""Bases of views: below `sessions/{session_id}/` the session must be visible, else there is nothing; rows in names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kapclinic.core.asking import AtOnce, Questions
from kapclinic.core.http import lists
from kapclinic.core.http.fields import Output, Text, shown
from kapclinic.core.statements import StandIns, Statement, at_places, compiled, of_asker, places_of, read_json
from kapclinic.core.transitions import HasRoles
from kapclinic.practice.rules import CLIENT_READERS
from kapclinic.trail import writes
from kapclinic.trail.http import ClinicViewSet
from kapclinic.trail.idempotency import Locks
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.selectors.about import About, Ref, about
from sessions.booking.services.holding import hold
from sessions.booking.sql.about import CLIENT, JOINED, NAMED, NO_CLIENT, SEEN
from sessions.booking.sql.hold import HOLD_SEEN
from sessions.booking.sql.lock import LOCK_COURSE

NOTHING = "Nothing: it is done."  # to do about a row


class LateReason(Text):
    """Why something is written down more than 7 days afterwards."""

    def __init__(self, **kwargs: Any) -> None:
        words = "of the medical director, who alone enters what is more than 7 days ago"
        default = {
            "max_length": 1000,
            "required": False,
            "allow_blank": True,
            "default": "",
            "help_text": words,
        }
        super().__init__(**default | kwargs)


class InSession(ClinicViewSet):
    """Rows of one session; `self.session` is the row of the address, loaded once."""

    client_path = "session.client_id"
    holding: ClassVar[frozenset[str]] = frozenset()  # actions that lock the session first
    with_course: ClassVar[bool] = False  # and before it its program

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.enter(kwargs["session_id"])

    def enter(self, session_id: UUID) -> None:
        """Load the session of the address; what a new row is judged beside goes out behind that question.

        :raises Http404: for one that the user may not see
        """
        places = places_of(self.user)
        if places and self.action in self.holding:
            writes.begin(self)
        found = _session(len(places))(session_id=session_id, **places)[0] if places else []
        if not found:
            raise Http404
        self.entered(found[0])

    def entered(self, session: Session) -> None:
        """This is the session of the address, and the user may see it."""
        self.session: Session = session
        self._touched.add(session.client_id)

    def touch(self, row: Any) -> None:
        self._touched.add(self.session.client_id)

    def locks(self) -> Locks | None:
        """The session's row, if the user sees it, for the actions of `holding`."""
        if self.action not in self.holding:
            return None
        seen = _seen(len(self.user.locations))
        if seen is None:
            return None
        params = seen.given(of_asker(self.user) | {"session": self.kwargs["session_id"]})
        return Locks(HOLD_SEEN.format(session=seen.sql), [self.with_course, *params])

    def hold(self) -> None:
        """Lock the session until the transaction ends, where the statement that took the key has not done it."""
        if not self.has_locked:
            hold(session_id=self.session.pk)

    def lock_session(self) -> Session:
        """The session's row, locked until the transaction ends, with its program and protocol."""
        found = Session.objects.select_for_update(of=("self",)).select_related(
            "program__protocol", "program__location"
        )
        locked: Session = found.get(pk=self.session.pk)
        return locked


@cache
def _session(locations: int) -> AtOnce:
    """The session of `session_id` with program and protocol, if somebody of `place_0` and so on sees it."""

    def ask(*, session_id: UUID, **places: UUID) -> Questions:
        seen = Session.objects.visible_to(at_places(places.values()))
        return (seen.select_related("program__protocol").filter(pk=session_id),)

    return AtOnce(ask)


@cache
def _seen(locations: int) -> Statement | None:
    """The session of this id, if somebody with so many locations sees it."""
    stand_ins = StandIns()
    seen = Session.objects.visible_to(stand_ins.asker(frozenset(), locations))
    return compiled(seen.filter(pk=stand_ins.key("session")).values("pk"), stand_ins)


@cache
def _course(locations: int) -> Statement | None:
    """The course of this id, if somebody with so many locations sees it."""
    stand_ins = StandIns()
    seen = Program.objects.visible_to(stand_ins.asker(frozenset(), locations))
    return compiled(seen.filter(pk=stand_ins.key("course")).values("pk"), stand_ins)


def locks_of_booking(
    user: Any, *, course: UUID, resources: Sequence[UUID], told: Callable[[Any], None]
) -> Locks | None:
    """What a booking locks, in its order: the course, if the user sees it, then room, staff and client.

    `told` gets the ids of the client, or None when there is no such course for the user, and nothing is locked.
    """
    seen = _course(len(user.locations))
    if seen is None:
        return None
    params = seen.given(of_asker(user) | {"course": course})
    return Locks(LOCK_COURSE.format(course=seen.sql), [*params, list(resources)], told)


# --- rows that say whom they are about ------------------------------------------------------------------------------


class StaffSeatOut(Output):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()


def reads_clients(user: HasRoles) -> bool:
    """May they read whom a row is about?"""
    return bool(user.role_set & CLIENT_READERS)


class AboutOut(Output):
    """In words what to do, and whom it is about. Client names are for roles that may read clients, else null."""

    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    client_name = serializers.SerializerMethodField()
    client_mrn = serializers.SerializerMethodField()
    session = serializers.SerializerMethodField()
    session_number = serializers.SerializerMethodField()
    room_name = serializers.SerializerMethodField()
    staff = serializers.SerializerMethodField()
    assigned_to = serializers.SerializerMethodField()

    def about(self, row: Any) -> About:
        found: About = self.context["about"][row.pk]
        return found

    def get_label(self, row: Any) -> str:
        raise NotImplementedError

    def _client(self, row: Any) -> Any:
        return self.about(row).client if reads_clients(self.context["request"].user) else None

    def get_client_name(self, row: Any) -> str | None:
        client = self._client(row)
        return client.display_name if client else None

    def get_client_mrn(self, row: Any) -> str | None:
        client = self._client(row)
        return client.mrn if client else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_session(self, row: Any) -> Any:
        session = self.about(row).session
        return str(session.pk) if session else None

    def get_session_number(self, row: Any) -> int | None:
        session = self.about(row).session
        return session.number if session else None

    def get_room_name(self, row: Any) -> str | None:
        session = self.about(row).session
        return session.room.name if session and session.room else None

    @extend_schema_field(StaffSeatOut(many=True))
    def get_staff(self, row: Any) -> list[dict[str, str]]:
        found = self.about(row)
        return [
            {"id": str(user), "name": found.people.get(user, ""), "role": role}
            for user, role in (found.seats() if found.session else [])
        ]

    def get_assigned_to(self, row: Any) -> str | None:
        found = self.about(row)
        return found.people.get(found.assigned) if found.assigned else None


class InNames(ClinicViewSet):
    """Rows with what they are about, looked up for a whole page at once."""

    def ref(self, row: Any) -> Ref:
        raise NotImplementedError

    def represent(self, row: Any, *, many: bool = False) -> Any:
        rows: Sequence[Any] = row if many else [row]
        found = about([self.ref(one) for one in rows])
        context = {**self.get_serializer_context(), "about": found}
        return shown(self.output_of(self.action), row, many=many, context=context)


class NamedList(lists.HotList):
    """The list of such rows, names and all in one statement.

    `columns` has `about_session`, `about_client` and `about_assigned` beside what the rows show; `beside` are further
    columns, each with its SQL, over `joins`, an alias and how a table is joined by that (`NAMED`).
    """

    tagged = polls = frozenset({"list"})
    beside: ClassVar[Mapping[str, str]] = {}
    joins: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def shaped(cls, page: Statement, shape: lists.Shape) -> Statement | None:
        text = NAMED.replace("{client}", CLIENT if reads_clients(shape.asker) else NO_CLIENT)
        text = text.replace("{beside}", "".join(f", {column}" for column in cls.beside.values()))
        names = ("place", "session", "session_number", "room_name", "client_name", "client_mrn")
        more = {**dict.fromkeys(names), "staff": read_json, "assigned_to": None, **dict.fromkeys(cls.beside)}
        joins = "".join(f"\n{join}" for join in cls.joins.values())
        return page.within(text.replace("{joins}", joins), more=more)

    @classmethod
    def versions(cls) -> str:
        joined = (JOINED.format(alias=alias, join=join) for alias, join in cls.joins.items())
        return SEEN.replace("{joined}", "".join(joined))

    def touch_all(self: Any, rows: Iterable[Any]) -> None:
        self._touched.update({row.get("client") or row["about_client"] for row in rows} - {None})

    @abstractmethod
    def in_words(self, row: Any) -> dict[str, Any]:
        """What of a row is said in words: `label`, and the fields that are no columns."""

    def rows(self: Any, page: list[Any]) -> list[Any]:
        names = _names_of(self.output)
        found = []
        for row in page:
            whole = row | self.in_words(row)
            found.append({name: whole[name] for name in names})
        return found


@cache
def _names_of(output: type[Output]) -> tuple[str, ...]:
    return tuple(map(str, output().fields))
