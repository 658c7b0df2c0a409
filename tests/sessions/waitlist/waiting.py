"""Words for tests of the waitlist: who waits, what was offered, what stands on the front desk's worklist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from kapclinic.core import clock
from kapclinic.trail.models import Task
from programs.models import Program
from sessions.booking.models import Session
from sessions.waitlist.models import WaitlistEntry, WaitlistOffer
from tests import cast as people
from tests.cast import Cast
from tests.journeys.steps import moment
from tests.sessions.booking.desk import TUESDAY

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def entry_body(program: Program, kind: str = "preparation", **more: Any) -> dict[str, Any]:
    """Waits from now until a week on."""
    now = clock.now()
    body = {
        "program": str(program.pk),
        "kind": kind,
        "window_from": moment(now),
        "window_to": moment(now + 7 * DAY),
    }
    return body | {
        key: moment(value) if isinstance(value, datetime) else value for key, value in more.items()
    }


def waits(cast: Cast, program: Program, kind: str = "preparation", **more: Any) -> WaitlistEntry:
    """An entry, put down by the front desk."""
    row = cast.desk("frontdesk").must("waitlist/", entry_body(program, kind, **more), status=201)
    return WaitlistEntry.objects.get(pk=row["id"])


def full_slot(
    cast: Cast, program: Program, start: datetime = TUESDAY, kind: str = "preparation", **more: Any
) -> Session:
    """A session that stands where somebody else would like to be: nothing else is free at that time.

    The other therapist is away, so that only the cast's therapist can be offered.
    """
    return people.booked(cast, program, kind, start, **more)


def cancelled(cast: Cast, session: Session, by: str = "frontdesk") -> dict[str, Any]:
    return cast.desk(by).must(f"sessions/{session.pk}/cancel/", {"reason": "The client is ill"})


def tasks(kind: str = "slot_freed", state: str = "open") -> list[Task]:
    return list(Task.objects.filter(kind=kind, state=state).order_by("due_at"))


def offered() -> list[WaitlistOffer]:
    """What the open worklist rows point to, in their order."""
    return [
        WaitlistOffer.objects.select_related("entry__program").get(pk=task.subject_id) for task in tasks()
    ]


def names(rows: Sequence[WaitlistOffer]) -> list[Any]:
    return [row.entry_id for row in rows]
