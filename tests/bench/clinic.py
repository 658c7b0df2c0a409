"""The few rows that are made as the clinic makes them: places, staff, and clients who are being watched just now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kapclinic.core import clock
from kapclinic.practice.models import Location, Role, Room, User
from kapclinic.practice.services import issue_token
from programs.models import Program
from sessions.booking.models import Session
from sessions.monitoring import services as monitoring
from tests import cast as people
from tests.cast import Cast

NOON = 13  # the local hour at which the run begins, wherever that is: a dose of now is no dose of the night
LICENSED = {"credentials": "LCSW", "license_number": "L-1", "license_state": "CO", "npi": "1234567893"}
LANES = 4  # rooms of a location, and of each kind of staff


@dataclass
class Place:
    """A location with its rooms and staff, and the token of its front desk."""

    location: Location
    rooms: list[Room]
    staff: dict[str, list[User]]
    token: str


@dataclass
class Group:
    """The group: its places, and who is being watched at the first of them."""

    places: list[Place]
    nurse: User  # at every place, as the one who is asked for by telephone
    nurse_token: str
    centre_token: str  # of a front desk that looks for clients of all places
    zone: str
    watched: list[Session] = field(default_factory=list)
    cast: Cast | None = None  # of the first place
    program: Program | None = None  # of somebody who has just come: all others are made after it


def zone_of(now: datetime) -> str:
    """A zone in which it is a little after noon."""
    return f"Etc/GMT{now.hour - NOON:+d}"


def _place(number: int, zone: str) -> Place:
    where = people.location(f"Place {number}", zone)
    rooms = [people.room(f"Room {lane}", where, people.KINDS) for lane in range(LANES)]
    staff = {
        "therapist": [
            people.staff(f"therapist_{number}_{lane}", [Role.THERAPIST], where, kap_trained=True, **LICENSED)
            for lane in range(LANES)
        ],
        "prescriber": [
            people.staff(f"prescriber_{number}_{lane}", [Role.PRESCRIBER], where, npi="1999999992")
            for lane in range(LANES)
        ],
    }
    return Place(where, rooms, staff, _token(people.staff(f"desk_{number}", [Role.FRONT_DESK], where)))


def _token(user: User) -> str:
    return issue_token(user=user, name="bench", at=clock.now())[1]


def build(*, places: int, watched: int) -> Group:
    """Places with staff, and `watched` clients at the first one who have just had their dose."""
    zone = zone_of(clock.now())
    made = [_place(number, zone) for number in range(places)]
    where = made[0].location
    everywhere = {"locations": [place.location.pk for place in made]}
    skilled = {"npi": "1003000126", "credentials": "NP", "monitor_capacity": 20}
    nurse = people.staff("np", [Role.NURSE_PRACTITIONER], where, **everywhere, **skilled)
    centre = people.staff("centre", [Role.FRONT_DESK], where, **everywhere)
    group = Group(made, nurse, _token(nurse), _token(centre), zone)
    cast = group.cast = _cast(group, where)
    edition = people.approved_protocol(cast, name="Bench", min_preparations=0)
    group.program = people.opened_program(cast, protocol=edition, who=_client(cast, 0))
    group.watched = [_dosed(cast, edition, number) for number in range(watched)]
    _alarm(cast, group.watched[0])
    return group


def _cast(group: Group, where: Location) -> Cast:
    first = group.places[0]
    desk = people.staff("frontdesk", [Role.FRONT_DESK], where)
    director = people.staff("director", [Role.MEDICAL_DIRECTOR], where)
    team = {"frontdesk": desk, "director": director, "np": group.nurse}
    team |= {"therapist": first.staff["therapist"][0], "prescriber": first.staff["prescriber"][0]}
    return Cast(where, where, first.rooms[0], first.rooms[1], first.rooms[2], team)


def _client(cast: Cast, number: int) -> Any:
    return people.client(cast.north, by=cast.frontdesk, first="Robin", last=f"Watched{number}")


def _dosed(cast: Cast, edition: Any, number: int) -> Session:
    """Somebody in a room and with a therapist of their own, dosed a moment ago."""
    own = people.staff(f"watching_{number}", [Role.THERAPIST], cast.north, kap_trained=True, **LICENSED)
    room = people.room(f"Watched {number}", cast.north, people.KINDS)
    who = _client(cast, number + 1)
    program = people.cleared_program(cast, protocol=edition, who=who, therapist=own.pk)
    team = [{"user": own.pk, "role": "therapist"}, {"user": cast.np.pk, "role": "nurse_practitioner"}]
    return people.dosed_session(cast, program, room=room.pk, staff=team)


def _alarm(cast: Cast, session: Session) -> None:
    """One reading that rings: the board of alarms is not empty."""
    at = clock.now()
    values = people.calm() | {"systolic": 205, "diastolic": 120}
    monitoring.record_reading(session=session, values=values, dosed_at=at, by=cast.np, at=at)
