"""What is free instead, when somebody or some room was taken: asked of a refusal alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kapclinic.practice.models import SessionKind, User
from programs.models import Program
from sessions.booking.rules import Slot
from sessions.booking.selectors.availability import free_slots
from sessions.integration.models import Obligation

MOST = 3
BEFORE, AFTER = timedelta(days=1), timedelta(days=7)  # of the time that was asked for


@dataclass(frozen=True)
class Sought:
    """What was asked for and could not be had. `team` is role -> who was asked for; `moving` is the session that was
    to go there, whose own time is free for it; `obligation` is what an integration was to settle, where one is named.
    `within` bounds the starts in place of that; `beside` are times of the same client that are asked for as well.
    """

    program: UUID
    kind: str
    modality: str
    starts_at: datetime
    ends_at: datetime
    team: Mapping[str, Sequence[UUID]]
    moving: UUID | None = None
    obligation: UUID | None = None
    within: tuple[datetime, datetime] | None = None
    beside: Sequence[tuple[datetime, datetime]] = ()

    def leaves_room(self, slot: Slot) -> bool:
        return not any(
            slot.starts_at < ends_at and starts_at < slot.ends_at for starts_at, ends_at in self.beside
        )


def nearest_slots(sought: Sought, *, by: User, at: datetime) -> list[Slot]:
    """Up to MOST free slots of the same length, nearest to the time that was asked for: a day back, a week ahead.

    With the same people first, then with whoever may; an integration stays inside its window. Each is a valid booking,
    as an entry of `availability/`.
    """
    seen = Program.objects.visible_to(by).select_related("protocol", "location", "client")
    program = seen.filter(pk=sought.program).first()
    if program is None:
        return []
    start, before = _span(sought, program, at=at)

    def free(team: Mapping[str, Sequence[UUID]]) -> list[Slot]:
        found = free_slots(
            program=program,
            kind=sought.kind,
            modality=sought.modality,
            at=at,
            start=start,
            before=before,
            length_min=int((sought.ends_at - sought.starts_at).total_seconds() // 60),
            only=team,
            ignoring=[sought.moving] if sought.moving else [],
        )
        found = [slot for slot in found if sought.leaves_room(slot)]
        return sorted(found, key=lambda slot: (abs(slot.starts_at - sought.starts_at), slot.starts_at))[:MOST]

    found = free(sought.team)
    if len(found) < MOST:
        known = {slot.starts_at for slot in found}
        found += [slot for slot in free({}) if slot.starts_at not in known][: MOST - len(found)]
    return found


def _span(sought: Sought, program: Program, *, at: datetime) -> tuple[datetime, datetime]:
    start, before = max(at, sought.starts_at - BEFORE), sought.starts_at + AFTER
    if sought.within is not None:
        return max(start, sought.within[0]), min(before, sought.within[1])
    if sought.kind != SessionKind.INTEGRATION:
        return start, before
    rows = Obligation.objects.filter(program=program)
    if sought.obligation is not None:
        rows = rows.filter(pk=sought.obligation)
    elif sought.moving is not None:
        rows = rows.filter(integration_session=sought.moving)
    else:
        rows = rows.filter(state=Obligation.State.DUE, window_start__lte=sought.starts_at)
    owed = list(rows[:2])
    if len(owed) != 1:
        return start, before
    start = max(start, owed[0].window_start)
    late = sought.starts_at >= owed[0].window_end
    return start, before if late else min(before, owed[0].window_end)
