"""What a person, a room or hours that go leave behind. Asked while the change is written, before it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import Q, QuerySet

from kapclinic.practice.models import Room, User
from sessions.absences.selectors.impact import BREAKABLE
from sessions.booking.models import Allocation, Session
from sessions.booking.rules import AHEAD, StoredStaff
from sessions.booking.selectors.availability import sessions_outside

Left = tuple[list[StoredStaff], UUID | None]  # who is still to be there, and in which room


class Going(Protocol):
    """Something that sessions were booked on and that is no more."""

    @property
    def resources(self) -> frozenset[UUID]:
        """Whose locks a booking takes before it looks whether they are there."""

    def broken(self) -> QuerySet[Session]:
        """The sessions to come that it breaks."""

    def kept(self, session: Session) -> Left:
        """What such a session still has."""


def _found(sessions: Q, statuses: Iterable[str] = BREAKABLE) -> QuerySet[Session]:
    found: QuerySet[Session] = Session.objects.filter(sessions, status__in=list(statuses))
    return found.select_related("program__protocol", "program__location", "for_dose").order_by(
        "starts_at", "pk"
    )


@dataclass(frozen=True)
class PersonGone:
    """Somebody leaves (`wholly`), or no more holds some roles or works at some locations. At once: also for a session
    that has begun."""

    user: UUID
    at: datetime
    wholly: bool
    roles: frozenset[str]
    locations: frozenset[UUID]

    @property
    def resources(self) -> frozenset[UUID]:
        return frozenset({self.user})

    def broken(self) -> QuerySet[Session]:
        held = Allocation.objects.filter(
            kind=Allocation.Kind.STAFF,
            resource=self.user,
            released_at__isnull=True,
            session__ends_at__gt=self.at,
        )
        if not self.wholly:
            held = held.filter(Q(role__in=self.roles) | Q(session__location__in=self.locations))
        return _found(Q(pk__in=held.values("session_id")), AHEAD)

    def kept(self, session: Session) -> Left:
        every = self.wholly or session.location_id in self.locations
        staff = [
            row
            for row in session.staff
            if row["user"] != str(self.user) or not (every or row["role"] in self.roles)
        ]
        return staff, session.room_id


@dataclass(frozen=True)
class HoursGone:
    """Somebody works other hours. `before` were outside their hours already, as somebody had decided."""

    user: UUID
    at: datetime
    before: frozenset[UUID]

    @property
    def resources(self) -> frozenset[UUID]:
        return frozenset({self.user})

    def broken(self) -> QuerySet[Session]:
        return _found(Q(pk__in=outside_of_person(self.user, at=self.at) - self.before))

    def kept(self, session: Session) -> Left:
        return [row for row in session.staff if row["user"] != str(self.user)], session.room_id


@dataclass(frozen=True)
class RoomGone:
    """A room closes, goes to another location, or serves no more a kind of session."""

    room: UUID
    at: datetime
    kinds: frozenset[str]  # that it serves no more

    @property
    def resources(self) -> frozenset[UUID]:
        return frozenset({self.room})

    def broken(self) -> QuerySet[Session]:
        return _found(Q(room=self.room, kind__in=self.kinds, ends_at__gt=self.at))

    def kept(self, session: Session) -> Left:
        return session.staff, None


@dataclass(frozen=True)
class PlaceClosed:
    """A location opens at other hours, or closes a day: nobody works then. `before` were outside already."""

    location: UUID
    at: datetime
    before: frozenset[UUID]

    @property
    def resources(self) -> frozenset[UUID]:
        rooms = Room.objects.filter(location=self.location).values_list("pk", flat=True)
        people = User.objects.filter(locations__contains=[self.location]).values_list("pk", flat=True)
        return frozenset({*rooms, *people})

    def broken(self) -> QuerySet[Session]:
        return _found(Q(pk__in=outside_of_place(self.location, at=self.at) - self.before))

    def kept(self, session: Session) -> Left:
        return [], session.room_id


def outside_of_person(user: UUID, *, at: datetime) -> frozenset[UUID]:
    """Sessions to come for which this person is held while they do not work."""
    held = Allocation.objects.filter(
        kind=Allocation.Kind.STAFF, resource=user, released_at__isnull=True, session__isnull=False
    )
    places = set(held.filter(ends_at__gt=at).values_list("session__location", flat=True))
    return frozenset(pk for place in places for pk in sessions_outside(location=place, at=at, user=user))


def outside_of_place(location: UUID, *, at: datetime) -> frozenset[UUID]:
    """Sessions to come at this location while it is closed, or while one of their people does not work."""
    return frozenset(sessions_outside(location=location, at=at))
