"""What a row of a list is about, in names: client, session, room and people, for a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model

from kapclinic.practice.models import Client, Room
from sessions.booking.models import Session
from sessions.booking.sql.about import ABOUT

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Ref:
    """What one row names: any of it may be missing. `seen` is its session with client and room, where it was read with
    the row.
    """

    row: UUID
    client: UUID | None = None
    session: UUID | None = None
    assigned: UUID | None = None
    seen: Session | None = None


@dataclass(frozen=True)
class About:
    """What one row is about; `people` are the names of all staff of the page."""

    client: Client | None
    session: Session | None
    assigned: UUID | None
    people: Mapping[UUID, str] = field(default_factory=dict)

    def seats(self) -> list[tuple[UUID, str]]:
        """Who is on the session, and as what."""
        staff = self.session.staff if self.session else []
        return [(UUID(str(seat["user"])), str(seat["role"])) for seat in staff]


def about(refs: Iterable[Ref]) -> dict[UUID, About]:
    """By row; one query whatever the length of the page."""
    wanted = list(refs)
    read = {ref.seen.pk: ref.seen for ref in wanted if ref.seen}
    asked, clients, people = _asked(
        sessions={ref.session for ref in wanted if ref.session} - set(read),
        clients={ref.client for ref in wanted if ref.client},
        people={ref.assigned for ref in wanted if ref.assigned}
        | {UUID(str(seat["user"])) for session in read.values() for seat in session.staff},
    )
    sessions = read | asked
    clients |= {session.client_id: session.client for session in read.values()}
    found = {}
    for ref in wanted:
        session = sessions.get(ref.session) if ref.session else ref.seen
        client_id = ref.client or (session.client_id if session else None)
        client = clients.get(client_id) if client_id else None
        found[ref.row] = About(client=client, session=session, assigned=ref.assigned, people=people)
    return found


def _asked(
    *, sessions: Collection[UUID], clients: Collection[UUID], people: Collection[UUID]
) -> tuple[dict[UUID, Session], dict[UUID, Client], dict[UUID, str]]:
    """These sessions with their clients, rooms and staff, and these clients and people; only what a row shows."""
    if not (sessions or clients or people):
        return {}, {}, {}
    asked = {"sessions": list(sessions), "clients": list(clients), "people": list(people)}
    with connection.cursor() as cursor:
        cursor.execute(ABOUT, asked)
        rows = [(kind, pk, json.loads(row)) for kind, pk, row in cursor.fetchall()]
    known = {pk: _part(Client, row | {"id": pk}) for kind, pk, row in rows if kind == "client"}
    found = {pk: _session(pk, row) for kind, pk, row in rows if kind == "session"}
    return found, known, {pk: name for kind, pk, name in rows if kind == "person"}


# Any: columns of a row by name
def _session(pk: UUID, row: dict[str, Any]) -> Session:
    room, room_id = row.pop("room"), UUID(row["room_id"]) if row["room_id"] else None
    session = _part(Session, row | {"id": pk, "client_id": UUID(row["client_id"]), "room_id": room_id})
    if room_id is not None:
        session.room = _part(Room, {"id": room_id, "name": room})
    return session


# Any: columns of a row by name
def _part(model: type[M], row: Mapping[str, Any]) -> M:
    """A row of which only these columns were read; any other one would be asked for."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname in row]
    return model.from_db(None, names, [row[name] for name in names])
