"""Builds the demo clinic through the API: two locations, one login per role, four clients at different points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import get_hasher, make_password
from django.core.management import call_command

from kapclinic.core import clock
from kapclinic.practice.management.demo import places
from kapclinic.practice.management.demo.desk import LocalDesk, get, patch, post
from kapclinic.practice.management.demo.midday import Midday
from kapclinic.practice.management.demo.money import open_books
from kapclinic.practice.management.demo.till import bill
from kapclinic.practice.models import SYSTEM, Role, User

REASON = "Demo data, entered after the fact."
OPEN_FOR = timedelta(days=29)  # how long the clinic has been open: a token lasts longer
BP = {"systolic": 122, "diastolic": 78, "heart_rate": 68}


def email(login: str) -> str:
    return f"{login}@{places.DOMAIN}"


@contextmanager
def compared_once() -> Iterator[None]:
    """In this process a password is compared with a hash once: whoever signs twenty notes in a row has one answer."""
    hasher = get_hasher()
    hasher.verify = cache(hasher.verify)  # type: ignore[method-assign]
    try:
        yield
    finally:
        del hasher.verify


class Seeder:
    """One pass; `people` maps each login to its desk. One password for all, of any strength: it is a demo."""

    def __init__(self, password: str, *, now: datetime) -> None:
        self.password, self.now = password, now
        self.hash = make_password(password)
        self.zone = ZoneInfo(places.noon_zone(now))
        self.people: dict[str, LocalDesk] = {}
        self.ids: dict[str, Any] = {}
        self.phones = count()

    def seed(self) -> dict[str, Any]:
        """Everything, in order; answers what `seed_demo --json` prints."""
        with clock.fixed(self.now - OPEN_FOR):
            first, second = self._house()
            protocols = self._protocols()
            self._codes()
            self._safe(first)
            clients = [self.client(row, first) for row in places.CLIENTS[:3]]
            other = self.client(places.CLIENTS[3], second, by="frontdesk2")
        midday = Midday(self, where=first, protocols=protocols)
        with compared_once():
            midday.play()
        bill(self.people["billing"], where=first, today=self.now.astimezone(self.zone).date())
        ready = self._ready_program(clients[0], protocols[0], first)
        waiting = self.program(clients[1], protocols[0], first)
        infusion = self.program(clients[2], protocols[3], first)
        sessions = self._sessions(waiting)
        self._told_the_price(waiting)
        missed = midday.courses["gone"].who
        self._books(first, agreed=clients[1], buyer=clients[2], missed=missed)
        for desk in self.people.values():
            desk.leave()
        return {
            "password": self.password,
            "users": told_users(),
            "locations": [first, second],
            "rooms": self.ids["rooms"],
            "protocols": [protocol["id"] for protocol in protocols],
            "client": clients[1]["id"],
            "program": waiting["id"],
            "sessions": sessions,
            "ready_program": ready["id"],
            "ready_session": self.ids["ready_session"],
            "infusion_program": infusion["id"],
            "other_location_client": other["id"],
        }

    def _house(self) -> tuple[str, str]:
        admin = User(email=email("admin"), name="Ada Accounts (demo)", roles=[Role.ADMIN], locations=[])
        admin.password = self.hash
        admin.save_by(SYSTEM, at=clock.now())
        desk = self.people["admin"] = LocalDesk(admin)
        here, there = places.LOCATIONS
        rows = (here | {"time_zone": self.zone.key}, there)
        first, second = (post(desk, "locations/", row)["id"] for row in rows)
        patch(desk, f"staff/{admin.pk}/", {"locations": [first, second]})
        self.ids["rooms"] = {
            where: [post(desk, "rooms/", row | {"location": where})["id"] for row in places.ROOMS]
            for where in (first, second)
        }
        for people, where in ((places.STAFF, first), (places.SECOND, second)):
            for row in people:
                self._staff(desk, row, where, places.EVERY_DAY)
        director = self.people["director"].user  # decides what the administrator asks for the whole practice
        patch(desk, f"staff/{director.pk}/", {"locations": [first, second]})
        for where in (first, second):
            patch(desk, f"reminder-plans/{where}/", places.REMINDERS)
        return first, second

    def _staff(self, desk: LocalDesk, row: dict[str, Any], where: str, hours: list[dict[str, Any]]) -> None:
        body = {key: value for key, value in row.items() if key != "login"}
        made = post(desk, "staff/", body | {"email": email(row["login"]), "locations": [where]})
        desk.call("PUT", f"staff/{made['id']}/working-hours/", [hour | {"location": where} for hour in hours])
        user = User.objects.get(pk=made["id"])
        user.password = self.hash
        self.people[row["login"]] = LocalDesk(user.save_by(SYSTEM, at=clock.now()))

    def _protocols(self) -> list[dict[str, Any]]:
        director = self.people["director"]
        drafts = [post(director, "protocols/", row) for row in places.PROTOCOLS]
        return [post(director, f"protocols/{draft['id']}/approve/") for draft in drafts]

    def _codes(self) -> None:
        call_command("load_service_codes", verbosity=0)
        for code, amount in places.FEES.items():
            body = {"code": code, "amount": amount, "valid_from": "2026-01-01"}
            post(self.people["billing"], "fees/", body)

    def _safe(self, where: str) -> None:
        expires = {"expires_on": f"{self.now + timedelta(days=500):%Y-%m-%d}"}
        for row in places.LOTS:
            post(self.people["np"], "drug-lots/", row | expires | {"location": where})

    def client(self, row: dict[str, Any], where: str, *, by: str = "frontdesk") -> dict[str, Any]:
        body = row | {
            "administrative_sex": "X",
            "phone": f"303-555-0{100 + next(self.phones):03d}",
            "email": f"{row['legal_first_name']}.{row['legal_last_name']}@{places.MAILBOXES}".lower(),
            "communication_consent": {"email": True, "sms": False, "phone": True},
            "address": places.LOCATIONS[0]["address"],
            "locations": [where],
        }
        made: dict[str, Any] = post(self.people[by], "clients/", body)
        return made

    def program(
        self, client: dict[str, Any], protocol: dict[str, Any], where: str, *, therapist: str = "therapist"
    ) -> dict[str, Any]:
        kap = protocol["program_type"] == "kap"
        body = {
            "client": client["id"],
            "protocol": protocol["id"],
            "location": where,
            "therapist": str(self.people[therapist].user.pk) if kap else None,
            "prescriber": str(self.people["prescriber"].user.pk),
            "diagnosis": "F33.2",
            "goals": "Demo goals: sleep better, see friends again.",
            "pathway_reason": "Wishes therapy with the medicine." if kap else "Prefers the infusion alone.",
            "accepted_modalities": ["video", "in_person"],
        }
        made: dict[str, Any] = post(self.people["frontdesk"], "programs/", body)
        return made

    def _books(self, where: str, **clients: dict[str, Any]) -> None:
        today = self.now.astimezone(self.zone).date().isoformat()
        ids = {name: row["id"] for name, row in clients.items()}
        open_books(self.people["billing"], where=where, today=today, clients=ids)

    def _told_the_price(self, program: dict[str, Any]) -> None:
        """The client showed a card, and asked what the course will cost: the estimate waits to be issued."""
        desk, billing = self.people["frontdesk"], self.people["billing"]
        plan = post(desk, "payers/", places.PAYER)
        post(desk, "coverages/", places.CARD | {"client": program["client"], "payer": plan["id"]})
        proposed = get(billing, "estimates/proposed/", program=program["id"])
        names = ("code", "quantity", "unit_amount", "rendering", "location")
        body = {
            "client": program["client"],
            "program": program["id"],
            "requested_at": clock.now().isoformat(),
            "items": [{name: row[name] for name in names} for row in proposed["items"] if row["unit_amount"]],
            "diagnoses": proposed["diagnoses"],
        }
        post(billing, "estimates/", body)

    # --- a client who is ready for a first dose ------------------------------------------------------------

    def _ready_program(self, client: dict[str, Any], protocol: dict[str, Any], where: str) -> dict[str, Any]:
        program = self.program(client, protocol, where)
        self.clear(program)
        self.sign(program, client)
        for days in (6, 4):
            start = self.first_dose() + timedelta(minutes=30) - timedelta(days=days)
            self._past_preparation(program, start, where)
        start = self.first_dose()
        self.ids["ready_session"] = self._book(program, "dosing", start, where, override_reason=REASON)["id"]
        return program

    def first_dose(self) -> datetime:
        """When the dosing session of the story begins: half an hour before the full hour."""
        return self.now.replace(minute=0, second=0, microsecond=0) - timedelta(minutes=30)

    def sign(self, program: dict[str, Any], client: dict[str, Any]) -> None:
        np = self.people["np"]
        consent = post(np, "consents/", {"program": program["id"], "document": "kap_treatment"})
        name = f"{client['legal_first_name']} {client['legal_last_name']}"
        post(np, f"consents/{consent['id']}/sign/", {"signer_name": name, "method": "typed"})

    def clear(self, program: dict[str, Any]) -> None:
        np, prescriber = self.people["np"], self.people["prescriber"]
        twice = [BP | {"measured_at": (clock.now() - timedelta(minutes=n)).isoformat()} for n in (10, 5)]
        body = {"program": program["id"], "answers": {}, "blood_pressures": twice, "medications": []}
        draft = post(np, "screenings/", body)
        submitted = post(np, f"screenings/{draft['id']}/submit/")
        resolutions = [
            {"finding": row["id"], "resolution": "Demo: asked and denied."}
            for row in submitted["findings"]
            if row["severity"] in {"relative", "unknown"}
        ]
        decision = {"decision": "cleared", "rationale": "Demo: suitable.", "resolutions": resolutions}
        post(prescriber, f"screenings/{draft['id']}/decide/", decision)

    def _past_preparation(self, program: dict[str, Any], start: datetime, where: str) -> None:
        session = self._book(program, "preparation", start, where, override_reason=REASON)
        path, at = f"sessions/{session['id']}", {"at": session["starts_at"]}
        post(self.people["frontdesk"], f"{path}/check-in/", at)
        post(self.people["therapist"], f"{path}/start/", at)
        post(self.people["therapist"], f"{path}/complete/", {"at": session["ends_at"]})

    def _book(
        self, program: dict[str, Any], kind: str, start: datetime, where: str, *, override_reason: str
    ) -> dict[str, Any]:
        staff = [{"user": str(self.people["therapist"].user.pk), "role": "therapist"}]
        if kind == "dosing":
            staff.append({"user": str(self.people["np"].user.pk), "role": "nurse_practitioner"})
        body = {
            "program": program["id"],
            "kind": kind,
            "modality": "in_person",
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=180 if kind == "dosing" else 60)).isoformat(),
            "room": self.ids["rooms"][where][0],
            "staff": staff,
            "override_reason": override_reason,
        }
        made: dict[str, Any] = post(self.people["frontdesk"], "sessions/", body)
        return made

    # --- one session of each kind in the coming days -------------------------------------------------------

    def _sessions(self, program: dict[str, Any]) -> dict[str, str]:
        """The first free slot of each kind, a day further on for each."""
        found = {}
        start = clock.now() + timedelta(days=2)
        for kind in places.ALL_KINDS:
            query = {"program": program["id"], "kind": kind, "from": start.isoformat(), "page_size": 1}
            slot = get(self.people["frontdesk"], "availability/", **query)["results"][0]
            made = post(
                self.people["frontdesk"], "sessions/", slot | {"program": program["id"], "kind": kind}
            )
            found[kind] = made["id"]
            start += timedelta(days=3)
        return found


def told_users() -> list[dict[str, Any]]:
    """The demo's logins, those of the first location first."""
    rows = User.objects.filter(email__endswith=f"@{places.DOMAIN}").order_by("created_at")
    return [
        {"id": str(user.pk), "email": user.email, "roles": user.roles, "locations": user.locations}
        for user in rows
    ]


def tell_again(password: str | None) -> dict[str, Any]:
    """What an existing demo clinic would print; a password that is given becomes everybody's."""
    if password is not None:
        hashed = make_password(password)
        for user in User.objects.filter(email__endswith=f"@{places.DOMAIN}"):
            user.password = hashed
            user.save_by(SYSTEM, at=clock.now())
    desk = LocalDesk(User.objects.get(email=email("frontdesk")))
    who = places.CLIENTS[1]
    client = get(desk, "clients/", search=f"{who['legal_first_name']} {who['legal_last_name']}")["results"][0]
    program = get(desk, "programs/", client=client["id"])["results"][0]
    sessions = get(desk, "sessions/", program=program["id"], ordering="created_at")["results"]
    desk.leave()
    first_of_kind = {row["kind"]: row["id"] for row in reversed(sessions)}
    return {
        "password": password,
        "users": told_users(),
        "client": client["id"],
        "program": program["id"],
        "sessions": first_of_kind,
    }
