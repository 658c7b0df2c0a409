"""The cast with one client and a session of each kind, for the tests of single rooms."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from rest_framework.test import APIClient

from kapclinic.practice.models import Client, Location, User
from programs.models import Program
from sessions.booking.models import Session
from sessions.booking.services.bookings import Ask, book_session
from tests import cast as people
from tests.replay import played

AT = people.MONDAY
PASSWORD = people.PASSWORD
KINDS = ("preparation", "dosing", "integration", "medical", "maintenance")


@dataclass(frozen=True)
class Clinic:
    here: Location
    there: Location
    staff: dict[str, User]
    client: Client
    program: Program
    sessions: dict[str, Session]

    def __getitem__(self, name: str) -> User:
        return self.staff[name]


WHO = {"dosing": ("np", "therapist"), "medical": ("prescriber",)}


def _booked(cast: people.Cast, program: Program, kind: str, day: int) -> Session:
    names = WHO.get(kind, ("therapist",))
    staff = [{"user": str(cast.people[name].pk), "role": cast.people[name].roles[0]} for name in names]
    starts_at = AT + timedelta(days=day, hours=1)
    length = timedelta(minutes=program.protocol.length_of(kind))
    ask = Ask(kind, "in_person", starts_at, starts_at + length, cast.aspen.pk, staff)
    return book_session(program=program, ask=ask, by=cast.frontdesk, at=AT)


def open_clinic() -> Clinic:
    """The cast, a few colleagues more, and one session of every kind."""
    clinic: Clinic = played("rooms", _open)
    return clinic


def _open() -> Clinic:
    cast = people.assemble()
    staff = cast.people | {
        "np2": people.staff("np2", ["nurse_practitioner"], cast.north),
        "trainee": people.staff("trainee", ["therapist"], cast.north, needs_cosign=True),
    }
    program = people.opened_program(cast)
    sessions = {kind: _booked(cast, program, kind, day) for day, kind in enumerate(KINDS)}
    return Clinic(cast.north, cast.south, staff, program.client, program, sessions)


def signed_in(user: User) -> APIClient:
    api = APIClient()
    api.force_authenticate(user=user)
    return api


@contextmanager
def as_superuser() -> Any:
    """A connection past every trigger: what an intruder with the keys of the database can do."""
    url = os.environ["KAP_SUPERUSER_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    with psycopg.connect(url, autocommit=True) as intruder:
        intruder.execute("SET session_replication_role = replica")
        yield intruder


def events(action: str) -> list[tuple[UUID, str, list[UUID]]]:
    """The audit events of an action: by whom, how it ended, whose record."""
    from kapclinic.trail.models import AuditEvent

    rows = AuditEvent.objects.filter(action=action).order_by("id")
    return [(row.created_by, row.outcome, row.clients) for row in rows]
