"""A person, a room or hours go for good: no booked session stays behind in silence.

A room and hours go when each session that they break moves or is cancelled, or when somebody says that they are left.
A person goes at once: closing an account must not wait for a calendar. What is left keeps its time, loses what is gone,
and stands on the front desk's worklist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kapclinic.core import scope, transitions
from kapclinic.practice import services
from kapclinic.practice.models import Location, Room, SessionKind, User
from kapclinic.practice.rules import ADMIN, PlacedHours
from kapclinic.practice.services import LocationFields, RoomFields, StaffFields
from sessions.absences.selectors.goings import (
    Going,
    HoursGone,
    PersonGone,
    PlaceClosed,
    RoomGone,
    outside_of_person,
    outside_of_place,
)
from sessions.absences.services.moves import AbsenceMove, Settled, settle
from sessions.calendars import services as calendars

DECIDE = (
    "Sessions are booked on this. Send moves[] that names each of them, or leave_unresolved: true to leave them "
    "to the front desk."
)
NOTHING = Settled([], [], [])
OPENING = frozenset({"opening_hours", "closed_dates", "time_zone"})


@dataclass(frozen=True)
class Asked:
    """What is to become of the sessions: moved or cancelled one by one, and the others left or not."""

    moves: Sequence[AbsenceMove] = ()
    leave: bool = False
    where: str = ""  # of the hours in the request: "hours/" when they are a part of it


def _settled(going: Going, asked: Asked, *, by: User, at: datetime) -> Settled:
    return settle(going, asked.moves, leave=asked.leave, words=DECIDE, by=by, at=at)


@transaction.atomic
@scope.crossing()
def change_hours(*, user: User, rows: Sequence[PlacedHours], asked: Asked, by: User, at: datetime) -> Settled:
    """Give somebody other weekly hours.

    :raises Invalid: for hours that can't be, or a move that can't be
    :raises UnresolvedSessions: naming the sessions that no longer fall into their hours
    """
    transitions.require_role(by, ADMIN, what="Changing hours")
    before = outside_of_person(user.pk, at=at)
    services.replace_hours(user=user, rows=rows, where=asked.where, by=by, at=at)
    return _settled(HoursGone(user.pk, at, before), asked, by=by, at=at)


@transaction.atomic
@scope.crossing()
def change_room(
    *, room: Room, values: RoomFields, asked: Asked, by: User, at: datetime
) -> tuple[Room, Settled]:
    """Change a room. It closes, moves to another location or serves fewer kinds only with the sessions in it.

    :raises UnresolvedSessions: naming the sessions that would be left without a room
    """
    transitions.require_role(by, ADMIN, what="Changing a room")
    was = _served(room)
    elsewhere = "location_id" in values and values["location_id"] != room.location_id
    saved = services.save_room(room=room, values=values, by=by, at=at)
    lost = was if elsewhere else was - _served(saved)
    if not lost:
        return saved, NOTHING
    return saved, _settled(RoomGone(saved.pk, at, lost), asked, by=by, at=at)


def _served(room: Room) -> frozenset[str]:
    """The kinds of session that may be in it now; a session that was booked there before may be of any other."""
    return frozenset(SessionKind(kind).value for kind in room.kinds) if room.is_active else frozenset()


@transaction.atomic
@scope.crossing()
def change_location(
    *, location: Location, values: LocationFields, asked: Asked, by: User, at: datetime
) -> tuple[Location, Settled]:
    """Change a location. A day or an hour closes only with the sessions in it.

    :raises Invalid: as in `practice.services.save_location`
    :raises UnresolvedSessions: naming the sessions at times at which it would be closed
    """
    transitions.require_role(by, ADMIN, what="Changing a location")
    if not OPENING & set(values):
        return services.save_location(location=location, values=values, by=by, at=at), NOTHING
    before = outside_of_place(location.pk, at=at)
    saved = services.save_location(location=location, values=values, by=by, at=at)
    return saved, _settled(PlaceClosed(saved.pk, at, before), asked, by=by, at=at)


@transaction.atomic
@scope.crossing()
def change_staff(
    *, user: User, values: StaffFields, moves: Sequence[AbsenceMove], by: User, at: datetime
) -> tuple[User, Settled]:
    """Change an account. Losing it, a role or a location takes effect at once; what no move covers is left. With an
    account that is closed or opened again, a role or a location its calendars' addresses end.

    :raises Invalid: as in `practice.services.save_staff`, or for a move that can't be
    """
    transitions.require_role(by, ADMIN, what="Changing an account")
    active, roles, locations = user.is_active, user.role_set, frozenset(user.locations)
    saved = services.save_staff(user=user, values=values, by=by, at=at)
    gone = PersonGone(
        user=saved.pk,
        at=at,
        wholly=active and not saved.is_active,
        roles=roles - saved.role_set,
        locations=locations - frozenset(saved.locations),
    )
    if saved.is_active != active or gone.roles or gone.locations:
        calendars.revoke_all_of(user=saved, by=by, at=at)
    if not (gone.wholly or gone.roles or gone.locations):
        return saved, NOTHING
    return saved, _settled(gone, Asked(moves, leave=True), by=by, at=at)
