"""The cast that every test remembers: two locations, one person per role, and a client who is none of their business.

North is in Denver and opens daily 08-20; South is in New York. Everybody works at North but the `south_…` people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import models

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Client, Location, Role, Room, User, WorkingHours
from tests.cast.desk import Browser, Desk, holds, signed_in
from tests.replay import played, taped, untouched

MONDAY = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)  # 09:00 in Denver
PASSWORD = "correct horse battery staple"
ADDRESS = {"line1": "1 Example Street", "city": "Denver", "state": "CO", "postal_code": "80202"}
DAILY = [{"weekday": day, "starts": "08:00", "ends": "20:00"} for day in range(7)]
PERSON = {  # whom a test asks when a role is all that matters
    Role.FRONT_DESK: "frontdesk",
    Role.NURSE_PRACTITIONER: "np",
    Role.THERAPIST: "therapist",
    Role.PRESCRIBER: "prescriber",
    Role.BILLING: "billing",
    Role.MEDICAL_DIRECTOR: "director",
    Role.ADMIN: "admin",
}
AWAY = timedelta(days=6)  # their token, unused, ends a day later
KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"]


@cache
def password_hash() -> str:
    return make_password(PASSWORD)


@dataclass
class Cast:
    north: Location
    south: Location
    aspen: Room
    birch: Room
    cedar: Room
    people: dict[str, User]
    signed_in: dict[str, str] = field(default_factory=dict)  # on Monday, each once
    _desks: dict[str, Desk] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]  # by way of __dict__: a copy has no people yet
        except KeyError as exc:
            raise AttributeError(name) from exc

    def desk(self, name: str) -> Desk:
        """The person's place at the API; after a week away they sign in again."""
        desk = self._desks.get(name)
        if desk is None or clock.now() > desk.opened_at + AWAY:
            secret = self.signed_in.pop(name, "")
            good = secret and clock.now() == MONDAY and (untouched() or holds(secret))
            self._desks[name] = Desk(self.people[name], secret if good else "")
        return self._desks[name]

    def back(self, name: str) -> Desk:
        """The person's place at the API, after whatever they were signed in at has ended."""
        self._desks.pop(name, None)
        self.signed_in.pop(name, None)
        return self.desk(name)

    def browser(self, name: str) -> Browser:
        """A browser of its own, signed in by this person's password just now."""
        browser = Browser(self.people[name])
        assert browser.sign_in(PASSWORD).status_code == 200
        return browser


@taped
def staff(name: str, roles: list[str], location: Location, **more: Any) -> User:
    """An account; who is booked by the hour works daily."""
    values = {
        "email": f"{name}@example.test",
        "name": name.replace("_", " ").title(),
        "roles": roles,
        "locations": [location.pk],
    }
    known = User(password=password_hash())
    user = practice.save_staff(user=known, values=values | more, by=SYSTEM, at=clock.now())
    if {"nurse_practitioner", "therapist", "prescriber"} & set(roles):
        works_daily(user, location)
    return user


def colleague(cast: Cast, name: str, role: str, **more: Any) -> User:
    """One more person at North, whom the cast knows by name from then on."""
    hired = lambda: staff(name, [role], cast.north, **more)  # noqa: E731
    tape = f"colleague {name} {role} {more}"  # nothing else touches an account
    cast.people[name] = played(tape, hired) if clock.now() == MONDAY else hired()
    return cast.people[name]


def works_daily(user: User, where: Location) -> None:
    """08-20 every day. Written in one statement, without history: this is the cast's first minute of every test."""
    rows = [
        WorkingHours(
            user=user,
            location=where,
            **_clock_times(row),
            created_at=clock.now(),
            created_by=SYSTEM.pk,
            updated_at=clock.now(),
            version=1,
        )
        for row in DAILY
    ]
    models.QuerySet(WorkingHours).bulk_create(rows)


def _clock_times(row: dict[str, Any]) -> dict[str, Any]:
    to_time = lambda text: datetime.strptime(text, "%H:%M").time()  # noqa: E731, DTZ007
    return {"weekday": row["weekday"], "starts": to_time(row["starts"]), "ends": to_time(row["ends"])}


@taped
def location(name: str, zone: str) -> Location:
    values = {
        "name": name,
        "time_zone": zone,
        "address": ADDRESS,
        "phone": "303-555-0100",
        "opening_hours": [_clock_times(row) for row in DAILY],
        "legal_name": f"{name} Clinic PLLC",
        "ein": "123456789",
        "organization_npi": "1457398620",
    }
    return practice.save_location(location=None, values=values, by=SYSTEM, at=clock.now())


@taped
def room(name: str, where: Location, kinds: list[str], turnover: int = 0) -> Room:
    values = {"location_id": where.pk, "name": name, "kinds": kinds, "turnover_min": turnover}
    return practice.save_room(room=None, values=values, by=SYSTEM, at=clock.now())


def assemble() -> Cast:
    """Everybody, at the present moment of the clock."""
    north, south = location("North", "America/Denver"), location("South", "America/New_York")
    licensed = {"credentials": "LCSW", "license_number": "L-1", "license_state": "CO", "npi": "1234567893"}
    people = {
        "frontdesk": staff("frontdesk", [Role.FRONT_DESK], north),
        "np": staff(
            "np", [Role.NURSE_PRACTITIONER], north, npi="1003000126", credentials="NP", monitor_capacity=3
        ),
        "therapist": staff("therapist", [Role.THERAPIST], north, kap_trained=True, **licensed),
        "other_therapist": staff("other_therapist", [Role.THERAPIST], north, kap_trained=True, **licensed),
        "prescriber": staff("prescriber", [Role.PRESCRIBER], north, npi="1999999992", credentials="MD"),
        "billing": staff("billing", [Role.BILLING], north),
        "director": staff("director", [Role.MEDICAL_DIRECTOR], north),
        "admin": staff("admin", [Role.ADMIN], north),
        "south_frontdesk": staff("south_frontdesk", [Role.FRONT_DESK], south),
        "south_therapist": staff("south_therapist", [Role.THERAPIST], south, kap_trained=True, **licensed),
        "south_np": staff("south_np", [Role.NURSE_PRACTITIONER], south),
        "south_prescriber": staff("south_prescriber", [Role.PRESCRIBER], south),
        "south_billing": staff("south_billing", [Role.BILLING], south),
    }
    return Cast(
        north,
        south,
        room("Aspen", north, KINDS),
        room("Birch", north, KINDS),
        room("Cedar", south, KINDS),
        people,
        {name: signed_in(user) for name, user in people.items()},
    )


@taped
def client(where: Location, *, by: User, first: str = "Robin", last: str = "Sample", **more: Any) -> Client:
    """A registered client; robin.sample is North's, and nobody at South may ever see them."""
    values = {
        "legal_first_name": first,
        "legal_last_name": last,
        "date_of_birth": datetime(1985, 3, 2, tzinfo=UTC).date(),
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "address": ADDRESS,
        "locations": [where.pk],
    } | more
    return practice.save_client(client=None, values=values, by=by, at=clock.now())


def later(**delta: float) -> datetime:
    """A moment after the clock's."""
    return clock.now() + timedelta(**delta)
