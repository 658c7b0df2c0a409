"""The cast that every test remembers: two locations, one person per role, and a client who is none of their business.

North is in Denver and opens daily 08-20; South is in New York. Everybody works at North but the `south_…` people.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import models
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM, Client, Location, Role, Room, User, WorkingHours
from programs import services as programs
from programs.models import Program, Protocol
from screening import services as screening
from screening.rules.conditions import CONDITIONS
from sessions.booking.models import Session
from sessions.booking.services.bookings import Ask
from sessions.dosing import services
from sessions.dosing import services as dosing
from sessions.dosing.models import Administration, Order
from sessions.dosing.services import dose_checks
from sessions.integration.models import Obligation
from sessions.monitoring import services as monitoring
from sessions.visits import services as visits
from tests.replay import played

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

    def must(
        self, path: str, body: Any = None, *, status: int | tuple[int, ...] = (200, 201), **more: Any
    ) -> Any:
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
    _begun: bool = False  # something was built from this cast

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]  # by way of __dict__: a copy has no people yet
        except KeyError as exc:
            raise AttributeError(name) from exc

    def begins(self) -> bool:
        """Is this the first thing that a test builds from the cast, at the tests' own moment?"""
        first, self._begun = not self._begun, True
        return first and clock.now() == MONDAY

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
        works_daily(user, location)
    return user


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


def opened_program(
    cast: Cast, *, protocol: Protocol | None = None, who: Client | None = None, **more: Any
) -> Program:
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


def calm() -> dict[str, Any]:
    """Vital signs of a well client, taken at the clock's moment."""
    return {
        "systolic": 122,
        "diastolic": 78,
        "heart_rate": 70,
        "spo2": 98,
        "respiratory_rate": 14,
        "sedation": 5,
        "measured_at": clock.now(),
    }


def clear(cast: Cast, program: Program) -> None:
    """Screen a healthy client and let the prescriber clear them; the consent is signed."""
    at = clock.now()
    pressure = {"systolic": 124, "diastolic": 80, "heart_rate": 66, "measured_at": at - timedelta(minutes=10)}
    healthy = {code: False for code, condition in CONDITIONS.items() if condition.asked}
    values = {"program": program.pk, "answers": healthy, "blood_pressures": [pressure], "medications": []}
    draft = screening.create_screening(values=values, by=cast.np, at=at)
    submitted = screening.submit_screening(screening_id=draft.pk, by=cast.np, at=at)
    words = [
        {"finding": row.pk, "resolution": "Looked at: acceptable."}
        for row in submitted.findings.all()
        if row.severity in {"relative", "unknown"}
    ]
    screening.decide_screening(
        screening_id=draft.pk,
        decision="cleared",
        rationale="Suitable.",
        resolutions=words,
        by=cast.prescriber,
        at=at,
    )
    sign_consent(cast, program)


def sign_consent(cast: Cast, program: Program) -> None:
    values = {"program": program.pk, "document": "kap_treatment", "language": "en"}
    draft = screening.create_consent(values=values, by=cast.np, at=clock.now())
    screening.sign_consent(
        consent_id=draft.pk,
        signer_name="Robin Sample",
        method="typed",
        signature="",
        by=cast.np,
        at=clock.now(),
    )


def cleared_program(cast: Cast, **more: Any) -> Program:
    """A KAP program that may dose: cleared, consented, prepared (the default protocol here asks for none)."""
    if not more and cast.begins():
        found: Program = played("cleared program", lambda: _cleared(cast))
        return found
    return _cleared(cast, **more)


def _cleared(cast: Cast, **more: Any) -> Program:
    more.setdefault("protocol", None)
    if more["protocol"] is None:
        more["protocol"] = approved_protocol(cast, name=f"KAP {next(_keys)}", min_preparations=0)
    program = opened_program(cast, **more)
    clear(cast, program)
    program.refresh_from_db()
    return program


def ask(cast: Cast, kind: str, starts_at: datetime, **more: Any) -> Ask:
    """What the front desk asks for: in Aspen with the cast's therapist, and the NP for a dose."""
    minutes = {"preparation": 60, "integration": 60, "dosing": 180, "medical": 30, "maintenance": 60}[kind]
    people = [{"user": cast.therapist.pk, "role": "therapist"}]
    if kind == "dosing":
        people.append({"user": cast.np.pk, "role": "nurse_practitioner"})
    values = {
        "kind": kind,
        "modality": "in_person",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "room": cast.aspen.pk,
        "staff": people,
    }
    return Ask(**values | more)


def booked(cast: Cast, program: Program, kind: str, starts_at: datetime, **more: Any) -> Session:
    """A session in the book; a dose holds its integration slot too."""
    obligation = more.pop("obligation", None)
    return visits.book(
        program_id=program.pk,
        ask=ask(cast, kind, starts_at, **more),
        obligation_id=obligation.pk if obligation else None,
        by=cast.frontdesk,
        at=clock.now(),
    )


def written_order(cast: Cast, session: Session, **more: Any) -> Order:
    values = {
        "drug": "ketamine",
        "route": session.program.protocol.route,
        "dose_mg": Decimal(100),
        "max_total_mg": Decimal(200),
        "valid_until": max(session.ends_at, clock.now()) + timedelta(days=1),
    }
    return services.write_order(
        session_id=session.pk, values=values | more, by=cast.prescriber, at=clock.now()
    )


ASKED = ("identifiers", "not_intoxicated", "equipment", "contraindications", "pdmp")  # what clinicians attest


def ready_dose(
    cast: Cast, program: Program | None = None, *, without: tuple[str, ...] = (), **more: Any
) -> Session:
    """A dosing session at the clock's moment: the client is there, everything is written, nothing is given yet.

    `without` leaves out any of escort, order, vitals, fasting and the attestations ASKED.
    """
    program = program or cleared_program(cast)
    now = clock.now()
    more.setdefault("override_reason", "Written up late")
    session = booked(cast, program, "dosing", more.pop("starts_at", now), **more)
    visits.check_in(session_id=session.pk, by=cast.frontdesk, moment=now, at=now)
    session.refresh_from_db()
    noted: dict[str, Any] = {"attestations": {code: True for code in ASKED if code not in without}}
    if "escort" not in without:
        noted["escort"] = {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}
    if "fasting" not in without:
        noted["fasting_since"] = now - timedelta(hours=8)
    visits.change(session=session, values=noted, by=cast.np, at=now)
    if "order" not in without:
        written_order(cast, session)
    if "vitals" not in without:
        monitoring.record_reading(session=session, values=calm(), dosed_at=None, by=cast.np, at=now)
    return session


def give(cast: Cast, session: Session, **more: Any) -> Administration:
    """Record a dose of the client's own at the clock's moment."""
    order = Order.objects.filter(session=session).latest("created_at")
    values = {
        "order": order.pk,
        "dose_mg": Decimal(100),
        "supply": "client_prescription",
        "given_by": "staff" if order.route in dose_checks.INJECTED else "self_observed",
        "administered_at": clock.now(),
    }
    return dosing.record_administration(
        session_id=session.pk, values=values | more, witness=None, by=cast.np, at=clock.now()
    )


def owed(cast: Cast, program: Program | None = None) -> Obligation:
    """What a dose that was given just now owes, still due."""
    session = ready_dose(cast, program)
    give(cast, session)
    return Obligation.objects.get(dosing_session=session)
