"""A small clinic for billing: two locations, one person per role, one client, sessions that took place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from rest_framework.test import APIClient

from billing.codes import services as codes
from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from kapclinic.practice.models import SYSTEM, Client, Location, User
from kapclinic.practice.services import save_client
from programs.models import Program
from programs.services import approve_protocol, draft_protocol, open_program
from sessions.booking.models import Session
from sessions.notes.models import Note

NOW = datetime(2026, 5, 20, 18, 0, tzinfo=UTC)  # noon in Denver
BILLING = "billing"
ROLES = ("front_desk", "nurse_practitioner", "therapist", "prescriber", BILLING, "medical_director", "admin")
NPIS = {"therapist": "1234567893", "prescriber": "1999999992", "nurse_practitioner": "1003000126"}
ADDRESS = {"line1": "12 Juniper St", "line2": "", "city": "Denver", "state": "CO", "postal_code": "80202"}


def make_location(name: str, **values: Any) -> Location:
    shape = {"time_zone": "America/Denver", "address": ADDRESS, "phone": "303-555-0100"} | values
    return Location(name=name, **shape).save_by(SYSTEM, at=NOW)


def make_user(name: str, roles: list[str], locations: list[UUID], **values: Any) -> User:
    user = User(email=f"{uuid7()}@clinic.test", name=name, roles=roles, locations=locations, **values)
    user.set_unusable_password()
    return user.save_by(SYSTEM, at=NOW)


def make_staff(location: Location) -> dict[str, User]:
    staff = {}
    for role in ROLES:
        clinical = {"credentials": "LMFT", "license_number": f"L-{role[:4]}", "license_state": "CO"}
        own = {"npi": NPIS[role], **clinical} if role in NPIS else {}
        staff[role] = make_user(f"{role.replace('_', ' ').title()} Person", [role], [location.pk], **own)
    return staff


def make_client(by: User, location: Location, **values: Any) -> Client:
    shape = {
        "legal_first_name": "Josephine",
        "legal_last_name": "Núñez-Åkerström",
        "chosen_name": "Sky",
        "date_of_birth": datetime(1985, 2, 14, tzinfo=UTC).date(),
        "administrative_sex": "F",
        "phone": "303-555-0199",
        "address": ADDRESS | {"line1": "9 Aspen Way"},
        "locations": [location.pk],
    }
    return save_client(client=None, values=shape | values, by=by, at=NOW)


@dataclass
class Clinic:
    """What a story needs; `api(role)` is somebody at the desk, `session()` a visit that took place."""

    location: Location
    elsewhere: Location
    staff: dict[str, User]
    client: Client
    program: Program
    numbers: int = field(default=0)

    def api(self, role: str = BILLING) -> APIClient:
        return api_of(self.staff[role])

    def session(
        self,
        *,
        starts_at: datetime = NOW - timedelta(days=2),
        signed: bool = True,
        roles: tuple[str, ...] = ("therapist",),
        minutes: int = 60,
        **values: Any,
    ) -> Session:
        self.numbers += 1
        shape = {
            "program": self.program,
            "client": self.client,
            "location": self.location,
            "kind": "preparation",
            "number": self.numbers,
            "modality": "in_person",
            "status": "completed",
            "completed_at": starts_at + timedelta(minutes=minutes),
            "staff": [{"user": str(self.staff[role].pk), "role": role} for role in roles],
        }
        session = Session(
            starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), **(shape | values)
        )
        session.save_by(SYSTEM, at=NOW)
        if signed:
            sign_note(session, self.staff[roles[0]])
        return session

    def dose(self, **values: Any) -> Session:
        roles = ("nurse_practitioner", "therapist", "prescriber")
        shape = {"kind": "dosing", "outcome": "dosed", "roles": roles, "minutes": 180}
        return self.session(**(shape | values))

    def charge(self, session: Session | None = None, **body: Any) -> dict[str, Any]:
        """A posted charge; the session is a fresh one unless given."""
        session = session or self.session()
        shape = {"session": str(session.pk), "code": "90837", "units": 1, "amount": "200.00"}
        return done(self.api().post("/api/v1/charges/", shape | body), 201)

    def pay(self, amount: str, *charges: tuple[dict[str, Any], str], **body: Any) -> dict[str, Any]:
        return done(self.try_to_pay(amount, *charges, **body), 201)

    def try_to_pay(self, amount: str, *charges: tuple[dict[str, Any], str], **body: Any) -> Any:
        shape = {
            "client": str(self.client.pk),
            "amount": amount,
            "method": "card",
            "received_on": "2026-05-20",
            "allocations": [{"charge": charge["id"], "amount": part} for charge, part in charges],
        }
        return self.api().post("/api/v1/payments/", shape | body, headers=key())

    def superbill(self, role: str = BILLING, **body: Any) -> Any:
        return self.api(role).post("/api/v1/superbills/", self.period() | body)

    def receipt(self, **body: Any) -> Any:
        return self.api().post("/api/v1/receipts/", self.period() | body)

    def period(self) -> dict[str, str]:
        return {"client": str(self.client.pk), "from_date": "2026-05-01", "to_date": "2026-05-31"}


def sign_note(session: Session, author: User, **values: Any) -> Note:
    return Note(
        session=session,
        kind=session.kind,
        frame="free",
        sections={"text": "said privately"},
        author=author,
        status="signed",
        signed_at=NOW,
        signed_by=author,
        signature=author.name,
        content_hash="0" * 64,
        **values,
    ).save_by(author, at=NOW)


def make_clinic(*, location_values: dict[str, Any] | None = None, **client_values: Any) -> Clinic:
    legal = {"legal_name": "Juniper KAP LLC", "ein": "123456789", "organization_npi": "1457398622"}
    location = make_location("Juniper", **(legal if location_values is None else location_values))
    elsewhere = make_location("Cedar", time_zone="America/Chicago")
    staff = make_staff(location)
    codes.ensure_codes(by=SYSTEM, at=NOW)
    client = make_client(staff["front_desk"], location, **client_values)
    protocol = draft_protocol(
        values={"name": "KAP", "program_type": "kap", "route": "intramuscular"},
        by=staff["medical_director"],
        at=NOW,
    )
    approve_protocol(protocol_id=protocol.pk, by=staff["medical_director"], at=NOW)
    values = {
        "client": client.pk,
        "protocol": protocol.pk,
        "location": location.pk,
        "therapist": staff["therapist"].pk,
        "prescriber": staff["prescriber"].pk,
        "diagnosis": "F33.2",
        "accepted_modalities": ["in_person", "video"],
    }
    program = open_program(values=values, by=staff["front_desk"], at=NOW)
    return Clinic(location=location, elsewhere=elsewhere, staff=staff, client=client, program=program)


def api_of(user: User) -> APIClient:
    api = APIClient()
    api.force_authenticate(user)
    return api


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid7())}


def done(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    answer: dict[str, Any] = response.json()
    return answer


def refused(response: Any, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """A problem with this status; `code` is its own, or that of the error at `pointer`."""
    answer = done(response, status)
    if pointer is None:
        assert answer["code"] == code, answer
    else:
        assert (pointer, code) in [(e["pointer"], e["code"]) for e in answer.get("errors", [])], answer
    return answer


def sql(statement: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def at_noon() -> Any:
    return clock.fixed(NOW)
