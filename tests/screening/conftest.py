"""The clinic of these tests: one person per role at Aspen, a second prescriber and nothing else at Birch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.practice.models import SYSTEM, Client, Location, Role, User
from kapclinic.practice.services import save_client
from programs import services as programs
from programs.models import Program, Protocol
from screening.rules.conditions import CONDITIONS
from tests.replay import played

AT = datetime(2026, 5, 4, 15, 0, tzinfo=UTC)
NO_TO_ALL = {code: False for code, condition in CONDITIONS.items() if condition.asked}
CALM = {"systolic": 118, "diastolic": 76, "heart_rate": 64, "measured_at": "2026-05-04T14:30:00Z"}


@dataclass
class Clinic:
    """`as_(role)` is an API client of that role at Aspen; `as_("prescriber", "birch")` one of the other house."""

    aspen: Location
    birch: Location
    people: dict[tuple[str, str], User]
    protocol: Protocol
    client: Client
    program: Program
    _apis: dict[tuple[str, str], APIClient] = field(default_factory=dict)

    def person(self, role: str, where: str = "aspen") -> User:
        return self.people[role, where]

    def as_(self, role: str, where: str = "aspen") -> APIClient:
        api = self._apis.get((role, where))
        if api is None:
            api = self._apis[role, where] = APIClient()
            api.force_authenticate(self.person(role, where))
        return api

    def post(self, role: str, path: str, body: Any = None, where: str = "aspen", **headers: str) -> Response:
        return self.as_(role, where).post(f"/api/v1/{path}", body or {}, format="json", **headers)

    def get(self, role: str, path: str, where: str = "aspen") -> Response:
        return self.as_(role, where).get(f"/api/v1/{path}")

    def patch(self, role: str, path: str, body: Any, etag: str | None, where: str = "aspen") -> Response:
        headers = {} if etag is None else {"HTTP_IF_MATCH": etag}
        return self.as_(role, where).patch(f"/api/v1/{path}", body, format="json", **headers)

    def draft(self, **values: Any) -> dict[str, Any]:
        body = {"program": str(self.program.pk), "answers": NO_TO_ALL, "blood_pressures": [CALM]} | values
        answer = self.post("nurse_practitioner", "screenings/", body)
        assert answer.status_code == 201, answer.json()
        return answer.json()

    def submitted(self, **values: Any) -> dict[str, Any]:
        answer = self.post("nurse_practitioner", f"screenings/{self.draft(**values)['id']}/submit/")
        assert answer.status_code == 200, answer.json()
        return answer.json()

    def decide(self, screening: dict[str, Any], decision: str = "cleared", **more: Any) -> Response:
        body = {"decision": decision, "rationale": "Weighed with the client."} | more
        return self.post("prescriber", f"screenings/{screening['id']}/decide/", body)

    def cleared(self) -> dict[str, Any]:
        answer = self.decide(self.submitted())
        assert answer.status_code == 200, answer.json()
        return answer.json()


def _person(role: str, location: Location) -> User:
    user = User(
        email=f"{role}@{location.name}.test", name=role, roles=[role], locations=[location.pk], password="!"
    )
    return user.save_by(SYSTEM, at=AT)


def _client(location: Location, by: User, **values: Any) -> Client:
    known = {
        "legal_first_name": "Robin",
        "legal_last_name": "Vale",
        "date_of_birth": date(1990, 3, 2),
        "administrative_sex": "F",
        "phone": "555-0100",
        "locations": [location.pk],
    }
    return save_client(client=None, values=known | values, by=by, at=AT)


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.fixed(AT):
        yield AT


@pytest.fixture
def clinic(db: None, now: datetime) -> Clinic:
    made: Clinic = played("screening", _made)
    return made


def _made() -> Clinic:
    aspen = Location(name="aspen", time_zone="America/Denver").save_by(SYSTEM, at=AT)
    birch = Location(name="birch", time_zone="America/New_York").save_by(SYSTEM, at=AT)
    people = {(role, "aspen"): _person(role, aspen) for role in Role.values}
    people |= {
        (role, "birch"): _person(role, birch) for role in ("prescriber", "nurse_practitioner", "front_desk")
    }
    director, desk = people["medical_director", "aspen"], people["front_desk", "aspen"]
    protocol = make_protocol(director)
    client = _client(aspen, desk)
    return Clinic(aspen, birch, people, protocol, client, make_program(people, client, protocol, aspen))


def make_protocol(director: User, **values: Any) -> Protocol:
    named = {"name": "KAP lozenge", "program_type": "kap", "route": "sublingual"} | values
    draft = programs.draft_protocol(values=named, by=director, at=AT)
    return programs.approve_protocol(protocol_id=draft.pk, by=director, at=AT)


def make_program(
    people: dict[tuple[str, str], User], client: Client, protocol: Protocol, where: Location
) -> Program:
    values = {
        "client": client.pk,
        "protocol": protocol.pk,
        "location": where.pk,
        "therapist": people["therapist", "aspen"].pk,
        "prescriber": people["prescriber", "aspen"].pk,
        "accepted_modalities": ["in_person"],
    }
    return programs.open_program(values=values, by=people["front_desk", "aspen"], at=AT)


@pytest.fixture
def another_program(clinic: Clinic) -> Any:
    """A program of a new client, on a protocol of its own when `protocol` values are given."""

    def make(*, client: dict[str, Any] | None = None, **protocol: Any) -> Program:
        director, desk = clinic.person("medical_director"), clinic.person("front_desk")
        chosen = make_protocol(director, **protocol) if protocol else clinic.protocol
        return make_program(
            clinic.people, _client(clinic.aspen, desk, **(client or {})), chosen, clinic.aspen
        )

    return make


def pointers(answer: Response) -> set[str]:
    return {error["pointer"] for error in answer.json().get("errors", [])}
