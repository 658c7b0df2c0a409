"""Placing what is owed, many at a time: free time is read once for a batch, and each one is booked by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from uuid import UUID

from django.db import connection

from kapclinic.core import writing
from kapclinic.core.rows import each, tried
from kapclinic.practice.models import SYSTEM
from sessions.booking.rules import Slot
from sessions.integration import rules, selectors
from sessions.integration.models import Obligation
from sessions.integration.selectors import Board, Owed
from sessions.integration.services.obligations import (
    book_first,
    carry_up,
    lock_owed,
    remind_unrecorded,
    schedule_obligation,
)
from sessions.integration.sql.owed import LOCK_OWED
from sessions.waitlist import services as waitlist

BATCH = 200  # as many as are placed in a few seconds: what others book meanwhile is met under the locks

Waiting = tuple[UUID, str]  # an obligation and its state


class Do(Enum):
    """What is done with an obligation by itself."""

    REMIND = "remind"
    PLACE = "place"
    CARRY_UP = "carry_up"


@dataclass(frozen=True)
class _Errand:
    """What one transaction does: place `row` into one of `slots`, or tell that there are none. Without a row: `do`."""

    pk: UUID
    board: Board
    row: Owed | None = None
    slots: Sequence[Slot] = ()
    do: Do = Do.REMIND


@dataclass(frozen=True)
class _Read:
    """What a batch of `waiting` is looked at with."""

    due: dict[UUID, Owed]
    reminded: set[UUID]
    board: Board


def sweep_obligations(*, at: datetime) -> int:
    """Do for every waiting obligation what the lost message would have done; returns how many were looked at.

    Those whose window ends first come first. One that fails does not keep the others waiting; the first failure is
    raised at the end, so that it is seen.
    """
    waiting = list(selectors.waiting(at=at).values_list("pk", "state"))
    each(_errands(waiting, at=at), partial(_run, at=at))
    return len(waiting)


def _errands(waiting: Sequence[Waiting], *, at: datetime) -> Iterator[_Errand]:
    """One after the other, so that each finds what those before it took. Nothing to do is no errand.

    What fails here would end the pass for all: one that can not be looked at goes by itself, and of a batch that can
    not be read each one does.
    """
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        read = tried(partial(_read, batch, at=at), instead=None)
        for pk, state in batch:
            if read is None:
                yield from _alone(pk, state, Board((), at=at))
            else:
                yield from tried(
                    partial(_looked_at, pk, state, read, at=at), instead=_alone(pk, state, read.board)
                )


def _read(batch: Sequence[Waiting], *, at: datetime) -> _Read:
    due = selectors.owed([pk for pk, state in batch if state == Obligation.State.DUE])
    reminded = selectors.reminded([pk for pk, state in batch if state != Obligation.State.DUE])
    board = Board((row.sought for row in due.values() if not row.held), at=at)
    return _Read(due, reminded, board)


def _looked_at(pk: UUID, state: str, read: _Read, *, at: datetime) -> list[_Errand]:
    if state != Obligation.State.DUE:
        return [] if pk in read.reminded else [_Errand(pk, read.board)]
    row = read.due.get(pk)
    if row is None:
        return []
    slots = [] if row.held else read.board.slots(row.sought)
    return [_Errand(pk, read.board, row, slots)] if slots or row.held or _untold(row, at=at) else []


def _alone(pk: UUID, state: str, board: Board) -> list[_Errand]:
    """Two errands for one that is due: it climbs even when no slot can be looked for (R4)."""
    todo = [Do.PLACE, Do.CARRY_UP] if state == Obligation.State.DUE else [Do.REMIND]
    return [_Errand(pk, board, do=do) for do in todo]


def _untold(row: Owed, *, at: datetime) -> bool:
    """Must somebody hear of it, or is it missed by now? Once told, and on the worklist of all who should see it: no."""
    one = row.obligation
    if at >= one.window_end or rules.steps_due(dosed_at=one.dosed_at, taken=one.escalations, at=at):
        return True
    roles = {role for step in rules.steps_reached(dosed_at=one.dosed_at, at=at) for role in step.roles}
    return bool(roles) and (row.listed is None or not roles <= row.listed)


@writing.together()
def _run(errand: _Errand, *, at: datetime) -> None:
    if errand.row is None:
        _by_itself(errand, at=at)
        return
    if errand.row.held or not _lock_unchanged(errand.row):
        _afresh(errand, at=at)
        return
    obligation, program = errand.row.obligation, errand.row.obligation.program
    if not errand.slots:
        carry_up(obligation, at=at)
        return
    session = book_first(obligation, program, errand.slots, at=at)
    if session is None:  # others were quicker, every time
        _afresh(errand, at=at)
        return
    errand.board.take(session)
    waitlist.note_booking(session=session, by=SYSTEM, at=at)


def _by_itself(errand: _Errand, *, at: datetime) -> None:
    if errand.do is Do.PLACE:
        _afresh(errand, at=at)
    elif errand.do is Do.CARRY_UP:
        locked = lock_owed(errand.pk)
        if locked is not None and locked[1].state == Obligation.State.DUE:
            carry_up(locked[1], at=at)
    else:
        remind_unrecorded(obligation_id=errand.pk, at=at)


def _afresh(errand: _Errand, *, at: datetime) -> None:
    """By itself, from what is in the database now."""
    obligation = schedule_obligation(obligation_id=errand.pk, at=at)
    if obligation is not None and obligation.integration_session is not None:
        errand.board.take(obligation.integration_session)


def _lock_unchanged(row: Owed) -> bool:
    """Lock program and obligation; are both still as they were read?"""
    one = row.obligation
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OWED, {"program": one.program_id, "obligation": one.pk})
        versions = cursor.fetchone()
    return bool(versions == (one.program.version, one.version))
