"""Questions to the waitlist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from kapclinic.core.asking import Params
from kapclinic.core.postgresql.scoped import Asks
from kapclinic.practice.models import Role, SessionKind, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from programs.models import Phase, PhaseSpan, Program
from programs.rules import LIVE
from sessions.booking.models import Session
from sessions.booking.rules import KEPT_FOR, Slot, needs_of
from sessions.booking.selectors.availability import free_slots
from sessions.waitlist import rules
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer
from sessions.waitlist.rules import Freed, Match
from sessions.waitlist.sql.concerned import CONCERNED, CONCERNED_BEHIND, CONCERNED_OF_MANY

FULL = ("program__protocol", "program__location")


def matches(*, freed: Freed, deadlines: Mapping[UUID, datetime], at: datetime) -> Iterator[Match]:
    """Entries that the freed slot suits, best first: each could be booked into it this moment.

    The client who gave the slot up is left out, and who waits for a dose of which none is left.
    """
    if freed.ends_at <= at:
        return
    waiting: QuerySet[WaitlistEntry] = (
        WaitlistEntry.objects.waiting()
        .filter(program__location_id=freed.location, program__status=Program.Status.ACTIVE)
        .filter(window_from__lt=freed.ends_at, window_to__gt=max(freed.starts_at, at))
        .exclude(program_id=freed.program)
        .exclude(_outlived())
        .select_related(*FULL)
    )
    trained = User.objects.filter(pk__in=[user for user, _ in freed.staff], kap_trained=True)
    known = frozenset(trained.values_list("pk", flat=True))
    for entry in rules.ranked(waiting, deadlines=deadlines):
        slot = _slot_for(entry, freed=freed, trained=known, at=at)
        if slot is not None:
            yield Match(entry, slot)


def _outlived() -> Q:
    """Waits for a dose that were put down before the course left its doses behind. One that was put down since is meant
    as one more; a dose that is voided opens the doses, and these waits, again.
    """
    behind = PhaseSpan.objects.filter(
        program_id=OuterRef("program_id"),
        phase__in=[Phase.INTEGRATION, Phase.MAINTENANCE],
        started_at__gt=OuterRef("created_at"),
        ended_at=None,
    )
    return Q(Exists(behind), kind=SessionKind.DOSING)


def _slot_for(entry: WaitlistEntry, *, freed: Freed, trained: frozenset[UUID], at: datetime) -> Slot | None:
    """The first start in the freed time at which the entry could be booked, with those who were freed."""
    program = entry.program
    length = program.protocol.length_of(entry.kind)
    needs = needs_of(kind=entry.kind, protocol=program.protocol, length_min=length)
    only = rules.freed_staff(needs=needs, freed=freed, program=program, trained=trained)
    if not only:
        return None
    for modality in rules.modalities(entry, freed=freed):
        slots = free_slots(
            program=program,
            kind=entry.kind,
            modality=modality,
            at=at,
            start=max(freed.starts_at, entry.window_from, at),
            before=min(freed.ends_at, entry.window_to),
            only=only,
        )
        for slot in slots:
            if rules.suits(slot, entry, program.location.zone):
                return slot
    return None


def open_offers() -> QuerySet[WaitlistOffer]:
    """Offers that are still on a worklist."""
    asked = Task.objects.open().filter(kind=Kind.SLOT_FREED).values("subject_id")
    found: QuerySet[WaitlistOffer] = WaitlistOffer.objects.filter(pk__in=asked)
    return found.select_related(*(f"entry__{name}" for name in FULL))


def waits_in_vain() -> QuerySet[WaitlistEntry]:
    """Entries of a course that is over; it may still owe an integration, and wait for that."""
    over: QuerySet[WaitlistEntry] = WaitlistEntry.objects.waiting().exclude(program__status__in=LIVE)
    return over.exclude(kind=SessionKind.INTEGRATION)


def still_free(offer: WaitlistOffer, *, at: datetime) -> bool:
    """Could what was offered be booked this moment, or once a hold of some minutes is over?

    A hold is somebody on the phone: it may end without a booking, and nothing would make the offer again.
    """
    entry = offer.entry
    if (
        entry.status != WaitlistEntry.Status.WAITING
        or offer.starts_at <= at
        or not rules.may_be_booked(entry)
        or (
            entry.kind == SessionKind.DOSING
            and WaitlistEntry.objects.filter(_outlived(), pk=entry.pk).exists()
        )
    ):
        return False
    only: dict[str, list[UUID]] = {}
    for row in offer.staff:
        only.setdefault(str(row["role"]), []).append(UUID(str(row["user"])))
    slots = free_slots(
        program=entry.program,
        kind=entry.kind,
        modality=offer.modality,
        at=at + 2 * KEPT_FOR,  # no hold of now runs then: it is extended once
        start=offer.starts_at,
        before=offer.ends_at,
        only={role: users for role, users in only.items() if role != Role.NURSE_PRACTITIONER},
    )
    return any(slot.starts_at == offer.starts_at for slot in slots)


def concerned(session: Session) -> tuple[bool, bool]:
    """(does the program wait for a session of this kind, is anything offered at its location and time), in one query.

    Mostly neither, and then there is nothing to lock or to look at: `waited_for` and `in_the_way`.
    """
    return _concerned((CONCERNED, _of(session)))


def concerned_by(asked: Asks) -> tuple[bool, bool]:
    """As `concerned`, for a booking that is not made yet: by `asks_concerned`."""
    return _concerned(asked)


def asks_concerned(*, program: UUID, kind: str, starts_at: datetime, ends_at: datetime) -> tuple[str, Params]:
    """The statement of `concerned_by`, which may be sent before the course is read."""
    return CONCERNED_BEHIND, {"program": program, "kind": kind, "starts_at": starts_at, "ends_at": ends_at}


def _concerned(asked: Asks) -> tuple[bool, bool]:
    with connection.cursor() as cursor:
        cursor.execute(*asked)
        waits, offered = cursor.fetchone()
    return bool(waits), bool(offered)


def concerned_of(sessions: Sequence[Session]) -> set[UUID]:
    """Those of the sessions that concern the waitlist either way, in one query."""
    rows = [{"of": session.pk} | _of(session) for session in sessions]
    with connection.cursor() as cursor:
        cursor.execute(CONCERNED_OF_MANY, [orjson.dumps(rows).decode()])
        return {row[0] for row in cursor.fetchall()}


def _of(session: Session) -> Params:
    return {
        "program": session.program_id,
        "kind": session.kind,
        "location": session.location_id,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
    }


def in_the_way(session: Session) -> list[WaitlistOffer]:
    """Open offers at the same place and time as `session`, which may have taken what they name; their tasks locked.

    An offer whose task another transaction has locked is left out: two bookings never wait for each other here.
    """
    offers = open_offers().filter(
        entry__program__location_id=session.location_id,
        starts_at__lt=session.ends_at,
        ends_at__gt=session.starts_at,
    )
    tasks = Task.objects.open().filter(kind=Kind.SLOT_FREED, subject_id__in=offers.values("pk"))
    free = tasks.select_for_update(no_key=True, skip_locked=True).values_list("subject_id", flat=True)
    return list(offers.filter(pk__in=list(free)).order_by("pk"))


def waited_for(session: Session) -> Iterable[WaitlistEntry]:
    """Waiting entries that `session` fulfils, locked."""
    waiting = WaitlistEntry.objects.waiting().filter(program_id=session.program_id, kind=session.kind)
    locked = waiting.select_for_update(no_key=True).order_by("pk")
    return [entry for entry in locked if rules.fulfils(session, entry)]
