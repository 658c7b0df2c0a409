"""What is proposed of a course in its maintenance: its next sessions, each at the best free time from its day on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Q

from kapclinic.practice.models import SessionKind
from programs.models import Phase, Program
from sessions.booking.models import Session
from sessions.booking.rules import Slot
from sessions.booking.selectors import numbers
from sessions.booking.selectors.availability import free_slots
from sessions.course.rules.search import Unmet, weeks_of
from sessions.course.selectors.proposals import Proposal, ProposedRow
from sessions.integration import rules as integration

MOST = 6  # sessions of one proposal
LOOKED_AT = timedelta(days=14)  # from the day on which one is due, but never up to the next one


def propose_maintenance(*, program: Program, at: datetime) -> Proposal:
    """The next sessions of a course in maintenance; books nothing. None of a course in another phase.

    Each is due `maintain_every_days` after the one before it, booked or proposed, the first after the last dose or
    maintenance session in the book, and is never proposed earlier. The client's days and hours go first.
    """
    if program.phase != Phase.MAINTENANCE or program.maintain_every_days is None:
        return {"sessions": [], "weeks": 0, "unmet": []}
    zone, slots, unmet = program.location.zone, [], []
    for due, slot in _course(program, rhythm=timedelta(days=program.maintain_every_days), at=at):
        if slot is None:
            words = f"No time is free for the maintenance session that is due on {due}."
            unmet.append(Unmet("no_maintenance_slot", words).as_dict())
        else:
            slots.append(slot)
    first = numbers.next_number(program=program, kind=SessionKind.MAINTENANCE)
    rows: list[ProposedRow] = [
        {**slot.as_dict(), "kind": str(SessionKind.MAINTENANCE), "number": first + i}
        for i, slot in enumerate(slots)
    ]
    weeks = weeks_of(slots[0].starts_at, slots[-1].starts_at, zone) if slots else 0
    return {"sessions": rows, "weeks": weeks, "unmet": unmet}


def _course(program: Program, *, rhythm: timedelta, at: datetime) -> Iterator[tuple[date, Slot | None]]:
    """The local day on which each is due, with the best slot for it, if any."""
    zone = program.location.zone
    notice = at + timedelta(minutes=int(program.protocol.limits["notice_min"]))
    due = max(_last(program, at) + rhythm, notice)
    for _ in range(MOST):
        day = due.astimezone(zone).date()
        if program.maintain_until is not None and day > program.maintain_until:
            return
        slot = _best(program, start=due, before=due + min(rhythm, LOOKED_AT), at=at)
        yield day, slot
        due = (slot.starts_at if slot else due) + rhythm


def _last(program: Program, at: datetime) -> datetime:
    """When the last dose or maintenance session in the book began or will begin; now, where there is none."""
    counted = Q(kind=SessionKind.MAINTENANCE) | Q(kind=SessionKind.DOSING, outcome=Session.Outcome.DOSED)
    rows = Session.objects.standing().filter(counted, program=program)
    last: datetime | None = rows.order_by("-starts_at").values_list("starts_at", flat=True).first()
    return last or at


def _best(program: Program, *, start: datetime, before: datetime, at: datetime) -> Slot | None:
    slots = free_slots(
        program=program,
        kind=SessionKind.MAINTENANCE,
        modality=integration.modalities(program)[0],
        at=at,
        start=start,
        before=before,
        someone=program.therapist_id,
    )
    until, zone = program.maintain_until, program.location.zone
    in_time = [slot for slot in slots if until is None or slot.starts_at.astimezone(zone).date() <= until]
    return next(iter(integration.ranked(in_time, program, zone)), None)
