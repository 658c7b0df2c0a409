"""What a move asks again: a confirmation that was given for another time is on the front desk's worklist."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet

from kapclinic.practice.models import Actor
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from sessions.booking.models import Session

# The column that a move has cleared -> the row that asks for it.
ASKED: Mapping[str, Kind] = {
    "client_confirmed_at": Kind.CONFIRM_AGAIN,
    "escort_confirmed_at": Kind.ESCORT_AGAIN,
}


def ask_again(*, session: Session, lost: Collection[str], by: Actor, at: datetime) -> None:
    """Ask for each confirmation that the move took away, until the new start; an older row asks for it again."""
    rows = _open(session, [*ASKED.values(), Kind.MOVE_REQUESTED])
    waiting = set(rows.exclude(due_at=session.starts_at).values_list("kind", flat=True))
    if Kind.MOVE_REQUESTED in waiting:
        trail.settle_tasks(kind=Kind.MOVE_REQUESTED, subject_id=session.pk, by=by, at=at, outcome="moved")
    for column, kind in ASKED.items():
        if column not in lost and kind not in waiting:
            continue
        settle_asked(session=session, outcome="moved again", by=by, at=at, columns=[column])
        trail.open_task(
            kind=kind,
            location=session.location_id,
            client=session.client_id,
            subject_type="session",
            subject_id=session.pk,
            due_at=session.starts_at,
            by=by,
            at=at,
        )


def settle_asked(
    *, session: Session, outcome: str, by: Actor, at: datetime, columns: Collection[str] = tuple(ASKED)
) -> None:
    """It was answered, or the visit is over: nobody needs to ask, and nobody asks for another time."""
    over = set(columns) == set(ASKED)
    kinds = [*(ASKED[column] for column in columns), *([Kind.MOVE_REQUESTED] if over else [])]
    if kinds:
        trail.settle(_open(session, kinds).select_for_update(), by=by, at=at, outcome=outcome)


def _open(session: Session, kinds: Sequence[Kind]) -> QuerySet[Task]:
    rows: QuerySet[Task] = Task.objects.open().filter(subject_id=session.pk, kind__in=kinds)
    return rows
