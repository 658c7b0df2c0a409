"""The cast that every test remembers: two locations, one person per role, and a client who is none of their business.

North is in Denver and opens daily 08-20; South is in New York. Everybody works at North but the `south_…` people.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Client, Location, Role, Room, User
from programs import services as programs
from programs.models import Program, Protocol

MONDAY = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)  # 09:00 in Denver
PASSWORD = "correct horse battery staple"
ADDRESS = {"line1": "1 Example Street", "city": "Denver", "state": "CO", "postal_code": "80202"}
DAILY = [{"weekday": day, "starts": "08:00", "ends": "20:00"} for day in range(7)]
KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"]
_keys = itertools.count(1)


@cache
def password_hash() -> str:
    return make_password(PASSWORD)


class Desk:
    """A person at the API: signed in by token, an Idempotency-Key on every POST, If-Match on every PATCH."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.client = APIClient()
        if user is not None:
            _, secret = practice.issue_token(user=user, name="desk", at=clock.now())
            self.client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None, *, key: str | None = "", **headers: Any) -> Any:
        if key is not None:
            headers["HTTP_IDEMPOTENCY_KEY"] = key or f"key-{next(_keys)}"
        return self.client.post(f"/api/v1/{path}", body if body is not None else {}, format="json", **headers)

    def patch(self, path: str, body: Any, *, match: str | None = None) -> Any:
        tag = match if match is not None else self.client.get(f"/api/v1/{path}").headers["ETag"]
        return self.client.patch(f"/api/v1/{path}", body, format="json", HTTP_IF_MATCH=tag)

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/api/v1/{path}", body, format="json")

    def must(self, path: str, body: Any = None, *, status: int | tuple[int, ...] = (200, 201), **more: Any) -> Any:
        """POST that has to succeed; returns the answer's body."""
        answer = self.post(path, body, **more)
        allowed = status if isinstance(status, tuple) else (status,)
        assert answer.status_code in allowed, (path, answer.status_code, answer.content[:2000])
        return answer.json()


@dataclass
class Cast:
    north: Location
    south: Location
    aspen: Room
    birch: Room
    cedar: Room
    people: dict[str, User]
    _desks: dict[str, Desk] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.people[name]
        except KeyError as exc:
            raise AttributeError(name) from exc

    def desk(self, name: str) -> Desk:
        """The person's place at the API."""
        if name not in self._desks:
            self._desks[name] = Desk(self.people[name])
        return self._desks[name]


def staff(name: str, roles: list[str], location: Location, **more: Any) -> User:
    user = User(email=f"{name}@example.test", name=name.replace("_", " ").title(), roles=roles)
    user.locations, user.password = [location.pk], password_hash()
    for key, value in more.items():
        setattr(user, key, value)
    user.save_by(SYSTEM, at=clock.now())
    if {"nurse_practitioner", "therapist", "prescriber"} & set(roles):
        rows = [_clock_times(row) | {"location": location.pk} for row in DAILY]
        practice.replace_hours(user=user, rows=rows, by=SYSTEM, at=clock.now())
    return user


def _clock_times(row: dict[str, Any]) -> dict[str, Any]:
    to_time = lambda text: datetime.strptime(text, "%H:%M").time()  # noqa: E731, DTZ007
    return {"weekday": row["weekday"], "starts": to_time(row["starts"]), "ends": to_time(row["ends"])}


def location(name: str, zone: str) -> Location:
    values = {
        "name": name,
        "time_zone": zone,
        "address": ADDRESS,
        "phone": "303-555-0100",
        "opening_hours": [_clock_times(row) for row in DAILY],
        "legal_name": f"{name} Clinic PLLC",
        "ein": "123456789",
        "organization_npi": "1234567893",
    }
    return practice.save_location(location=None, values=values, by=SYSTEM, at=clock.now())


def room(name: str, where: Location, kinds: list[str], turnover: int = 0) -> Room:
    values = {"location_id": where.pk, "name": name, "kinds": kinds, "turnover_min": turnover}
    return practice.save_room(room=None, values=values, by=SYSTEM, at=clock.now())


def assemble() -> Cast:
    """Everybody, at the present moment of the clock."""
    north, south = location("North", "America/Denver"), location("South", "America/New_York")
    licensed = {"credentials": "LCSW", "license_number": "L-1", "license_state": "CO", "npi": "1234567893"}
    people = {
        "frontdesk": staff("frontdesk", [Role.FRONT_DESK], north),
        "np": staff("np", [Role.NURSE_PRACTITIONER], north, npi="1003000126", credentials="NP", monitor_capacity=3),
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
        north, south, room("Aspen", north, KINDS), room("Birch", north, KINDS), room("Cedar", south, KINDS), people
    )


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


def approved_protocol(cast: Cast, **more: Any) -> Protocol:
    values = {"name": "KAP sublingual", "program_type": "kap", "route": "sublingual"} | more
    draft = programs.draft_protocol(values=values, by=cast.director, at=clock.now())
    return programs.approve_protocol(protocol_id=draft.pk, by=cast.director, at=clock.now())


def opened_program(cast: Cast, *, protocol: Protocol | None = None, who: Client | None = None, **more: Any) -> Program:
    """A program in its screening phase, at North with the cast's therapist and prescriber."""
    protocol = protocol or approved_protocol(cast)
    values = {
        "client": (who or client(cast.north, by=cast.frontdesk)).pk,
        "protocol": protocol.pk,
        "location": cast.north.pk,
        "therapist": cast.therapist.pk if protocol.program_type == "kap" else None,
        "prescriber": cast.prescriber.pk,
        "diagnosis": "F33.2",
        "accepted_modalities": ["in_person", "video"],
    } | more
    return programs.open_program(values=values, by=cast.frontdesk, at=clock.now())


def later(**delta: float) -> datetime:
    """A moment after the clock's."""
    return clock.now() + timedelta(**delta)
