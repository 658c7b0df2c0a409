"""A list of bookings, made in one transaction as if each came alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import ClinicError, Invalid
from kapclinic.practice.models import User
from kapclinic.practice.rules import BOOKERS
from kapclinic.practice.selectors import persons
from programs import services as programs
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.services.allocations import lock_resources
from sessions.booking.services.bookings import Ask
from sessions.booking.services.lists import Together, Wanting
from sessions.visits.services.bookings import book, locks_alone
from sessions.waitlist import services as waitlist

AT_ONCE = 250  # bookings that are asked for and written by one statement

Row = tuple[UUID, Ask, UUID | None]  # the program, what is asked for, and the obligation that is settled


def book_list(rows: Sequence[Row], *, by: User, at: datetime) -> Iterator[Session | ClinicError]:
    """Book each as `book` does, in their order, inside the caller's transaction; or tell why it is refused.

    The caller undoes everything when one was refused. All courses, then all rooms, staff and clients are locked first,
    each in one order, until the transaction ends.

    :raises NotPermitted: unless `by` may book
    """
    transitions.require_role(by, BOOKERS, what="Booking")
    known = programs.lock_visible_programs(program_ids={program for program, _, _ in rows}, by=by)
    clients = persons(set(known.values()))
    resources = {resource for _, ask, _ in rows for resource in ask.resources}
    lock_resources([*resources, *(pk for ids in clients.values() for pk in ids)])
    for alone, some in groupby(rows, key=lambda row: locks_alone(kind=row[1].kind, hold_id=None)):
        found = list(some)
        if not alone:
            yield from (_by_itself(row, by=by, at=at) for row in found)
            continue
        for begin in range(0, len(found), AT_ONCE):
            yield from _together(found[begin : begin + AT_ONCE], set(known), clients, by=by, at=at)


def _by_itself(row: Row, *, by: User, at: datetime) -> Session | ClinicError:
    """A dose, or an integration: each looks at what is owed and held besides."""
    program, ask, obligation = row
    try:
        with transaction.atomic():
            return book(program_id=program, ask=ask, obligation_id=obligation, by=by, at=at)
    except ClinicError as exc:
        return exc


def _together(
    rows: Sequence[Row],
    mine: Set[UUID],
    clients: Mapping[UUID, Sequence[UUID]],
    *,
    by: User,
    at: datetime,
) -> list[Session | ClinicError]:
    asked = mine & {program for program, _, _ in rows}
    known: dict[UUID, Program] = Program.objects.select_related("protocol").in_bulk(asked)
    wanted = [
        Wanting(known[program], ask, clients[known[program].client_id])
        for program, ask, _ in rows
        if program in known
    ]
    among = Together(wanted, at=at)
    told: list[Session | ClinicError] = []
    for program_id, ask, obligation in rows:
        try:
            told.append(_booked(known.get(program_id), ask, obligation, clients, among, by=by, at=at))
        except ClinicError as exc:  # nothing of it is written
            told.append(exc)
    among.write()
    waitlist.note_bookings(sessions=[one for one in told if isinstance(one, Session)], by=by, at=at)
    return told


def _booked(
    program: Program | None,
    ask: Ask,
    obligation: UUID | None,
    clients: Mapping[UUID, Sequence[UUID]],
    among: Together,
    *,
    by: User,
    at: datetime,
) -> Session:
    """One of them: what `book` does for a booking that settles nothing and holds nothing besides."""
    if program is None:
        raise Invalid.field("program", "There is no such program for you.", code="not_found")
    programs.require_active(program)
    if obligation is not None:
        raise Invalid.field("obligation", "Only an integration session settles an obligation.")
    ids = clients[program.client_id]
    return booking.book_session(program=program, ask=ask, by=by, at=at, clients=ids, among=among)
