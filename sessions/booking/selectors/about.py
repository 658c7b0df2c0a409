"""What a row of a list is about, in names: client, session, room and people, for a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from kapclinic.practice.models import Client, User
from sessions.booking.models import Session


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
    """By row; at most three queries whatever the length of the page."""
    wanted = list(refs)
    sessions = {ref.seen.pk: ref.seen for ref in wanted if ref.seen}
    rows = Session.objects.filter(pk__in={ref.session for ref in wanted if ref.session} - set(sessions))
    sessions |= {session.pk: session for session in rows.select_related("client", "room")}
    clients = _clients(wanted, sessions.values())
    people = _people(wanted, sessions.values())
    found = {}
    for ref in wanted:
        session = ref.seen or (sessions.get(ref.session) if ref.session else None)
        client_id = ref.client or (session.client_id if session else None)
        client = clients.get(client_id) if client_id else None
        found[ref.row] = About(client=client, session=session, assigned=ref.assigned, people=people)
    return found


def _clients(refs: Iterable[Ref], sessions: Iterable[Session]) -> dict[UUID, Client]:
    known: dict[UUID, Client] = {session.client_id: session.client for session in sessions}
    others = {ref.client for ref in refs if ref.client} - set(known)
    return known | {client.pk: client for client in Client.objects.filter(pk__in=others)}


def _people(refs: Iterable[Ref], sessions: Iterable[Session]) -> dict[UUID, str]:
    ids = {UUID(str(seat["user"])) for session in sessions for seat in session.staff}
    ids |= {ref.assigned for ref in refs if ref.assigned}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
