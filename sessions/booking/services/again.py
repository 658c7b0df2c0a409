"""What a move asks again: a confirmation that was given for another time is on the front desk's worklist."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

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
    rows = Task.objects.open().filter(subject_id=session.pk, kind__in=ASKED.values())
    waiting = set(rows.exclude(due_at=session.starts_at).values_list("kind", flat=True))
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
    """It was answered, or the visit is over: nobody needs to ask."""
    for column in columns:
        trail.settle_tasks(kind=ASKED[column], subject_id=session.pk, by=by, at=at, outcome=outcome)
