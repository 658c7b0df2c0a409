"""The house that a simulated clinic is opened with, by its first administrator over HTTP."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.protocols import PROTOCOLS
from tests.simulation.stack import FIRST, Person, Stack, moment

KINDS = ["preparation", "dosing", "integration", "medical", "maintenance"]
ADDRESS = {"line1": "1 Example Street", "city": "Denver", "state": "CO", "postal_code": "80202"}
HOURS = [{"weekday": day, "from": "08:00", "to": "19:00"} for day in range(6)]
TEAM: tuple[tuple[str, dict[str, Any]], ...] = (
    ("front_desk", {}),
    ("nurse_practitioner", {"credentials": "PMHNP", "npi": "1003000126", "monitor_capacity": 2}),
    ("nurse_practitioner", {"credentials": "FNP", "npi": "1003000126", "monitor_capacity": 1}),
    ("therapist", {"credentials": "LCSW", "kap_trained": True, "npi": "1234567893"}),
    ("therapist", {"credentials": "LPC", "kap_trained": True, "npi": "1636083770"}),
    ("prescriber", {"credentials": "MD", "npi": "1999999992", "dea_number": "FP1234563"}),
    ("billing", {}),
    ("medical_director", {}),
)
LICENSED = {"nurse_practitioner", "therapist", "prescriber"}


@dataclass
class House:
    """One location: its rooms, its team, its stock."""

    id: str
    zone: ZoneInfo
    rooms: list[dict[str, Any]] = field(default_factory=list)
    team: dict[str, list[Person]] = field(default_factory=dict)
    lots: list[dict[str, Any]] = field(default_factory=list)
    courses: list[str] = field(default_factory=list)  # the programs of its clients, for the other desk

    def one(self, role: str, index: int = 0) -> Person:
        people = [one for one in self.team[role] if role in one.roles] or self.team[role]
        return people[index % len(people)]

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def clock(self, day: date, hour: float) -> datetime:
        """The moment at which the clock on the wall says so."""
        wall = datetime.combine(day, time(0)) + timedelta(hours=hour)
        return wall.replace(tzinfo=self.zone).astimezone(ZoneInfo("UTC"))


@dataclass
class Practice:
    """Both locations and the protocols that were approved."""

    stack: Stack
    chance: random.Random
    admin: Person
    houses: list[House] = field(default_factory=list)
    protocols: list[dict[str, Any]] = field(default_factory=list)

    def open(self) -> None:
        self.stack.sign_in(self.admin)
        for index, zone in enumerate(("America/Denver", "America/New_York")):
            body = {
                "name": f"Location {index + 1}",
                "time_zone": zone,
                "address": ADDRESS,
                "phone": "303-555-0100",
                "dea_number": "FD1234563",
                "opening_hours": HOURS,
            }
            made = self.must(self.admin, "locations/", body)
            self.houses.append(House(made["id"], ZoneInfo(zone)))
        self.stack.patch(
            self.admin, f"staff/{self.admin.id}/", {"locations": [house.id for house in self.houses]}
        )
        for index, house in enumerate(self.houses):
            self._furnish(house, index)
        self._approve()

    def must(self, who: Person, path: str, body: Any) -> dict[str, Any]:
        """An act without which there is no clinic."""
        answer = self.stack.post(who, path, body)
        if not answer.ok:
            raise AssertionError(f"{path}: {answer.status} {answer.data}")
        found: dict[str, Any] = answer.data
        return found

    def _furnish(self, house: House, index: int) -> None:
        for name, turnover in (("Aspen", 15), ("Birch", 15), ("Cedar", 0)):
            body = {"location": house.id, "name": name, "kinds": KINDS, "turnover_min": turnover}
            house.rooms.append(self.must(self.admin, "rooms/", body))
        for number, (role, more) in enumerate(TEAM):
            licensed = (
                {"license": {"number": f"L-{index}{number}", "state": "CO"}} if role in LICENSED else {}
            )
            email = f"{role}{number}.{index}@sim.test"
            body = (
                more
                | licensed
                | {
                    "email": email,
                    "name": f"{role} {index}{number}",
                    "roles": [role],
                    "locations": [house.id],
                    "password": FIRST,
                }
            )
            made = self.must(self.admin, "staff/", body)
            hours = [row | {"location": house.id} for row in HOURS]
            answer = self.stack.put(self.admin, f"staff/{made['id']}/working-hours/", hours)
            assert answer.ok, answer.data
            person = Person(email, id=made["id"], name=made["name"])
            self.stack.begin(person)
            house.team.setdefault(role, []).append(person)
        for drug, form, strength in (("ketamine", "vial", "50"), ("ketamine", "vial", "100")):
            self._receive(house, drug, form, strength)
        self._receive(house, "esketamine", "device", "")

    def _receive(self, house: House, drug: str, form: str, strength: str) -> None:
        expires = house.local(self.stack.schedule.now).date() + timedelta(
            days=self.chance.choice((3, 20, 400))
        )
        body = {
            "location": house.id,
            "drug": drug,
            "form": form,
            "concentration_mg_per_ml": strength or None,
            "lot_number": f"{strength}-{len(house.lots)}",
            "expires_on": expires.isoformat(),
            "quantity_mg": str(
                self.chance.choice((240, 500, 1500)) if strength else 28 * self.chance.choice((8, 40))
            ),
            "supplier": "Supply Co",
            "invoice": f"INV-{len(house.lots)}",
        }
        house.lots.append(self.must(house.one("nurse_practitioner"), "drug-lots/", body))

    def _approve(self) -> None:
        director = self.houses[0].one("medical_director")
        for body in PROTOCOLS:
            draft = self.must(director, "protocols/", body)
            self.protocols.append(self.must(director, f"protocols/{draft['id']}/approve/", {}))


def said(at: datetime) -> dict[str, str]:
    return {"at": moment(at)}
