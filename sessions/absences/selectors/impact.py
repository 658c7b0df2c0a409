"""What an absence breaks. Asked while the time off is written, before it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.db.models import QuerySet

from kapclinic.practice.models import Role, SessionKind, User
from sessions.booking.models import Allocation, Session
from sessions.booking.rules import StoredStaff
from sessions.booking.selectors.availability import free_slots
from sessions.integration import rules as integration
from sessions.integration.models import Obligation
from sessions.integration.selectors import given_up

S = Session.Status
BREAKABLE = (S.HELD, S.SCHEDULED, S.CHECKED_IN)


@dataclass(frozen=True)
class Absence:
    """Who is away, from when to when; an absence that has begun breaks only what is still to come."""

    user: UUID
    starts_at: datetime
    ends_at: datetime
    at: datetime

    @property
    def begins(self) -> datetime:
        return max(self.starts_at, self.at)

    @property
    def resources(self) -> frozenset[UUID]:
        return frozenset({self.user})

    def broken(self) -> QuerySet[Session]:
        return broken(self)

    def kept(self, session: Session) -> tuple[list[StoredStaff], UUID | None]:
        return [row for row in session.staff if row["user"] != str(self.user)], session.room_id


class LostWindow(TypedDict):
    """An integration that can't take place in its window, and why."""

    id: UUID
    window_start: datetime
    window_end: datetime
    reason: str


def broken(absence: Absence) -> QuerySet[Session]:
    """Sessions for which the absent person is held at some time of the absence that is still to come."""
    held = Allocation.objects.filter(
        kind=Allocation.Kind.STAFF,
        resource=absence.user,
        released_at__isnull=True,
        session__isnull=False,
        starts_at__lt=absence.ends_at,
        ends_at__gt=absence.begins,
    )
    found: QuerySet[Session] = Session.objects.filter(pk__in=held.values("session_id"), status__in=BREAKABLE)
    related = ("program__protocol", "program__location", "for_dose", "client")
    return found.select_related(*related).order_by("starts_at", "pk")


def windows_lost(absence: Absence, *, by: User, sessions: Iterable[Session]) -> list[LostWindow]:
    """Integration windows in which the assigned therapist, being away, has no free slot left."""
    states = [Obligation.State.DUE, Obligation.State.BOOKED]
    rows = (
        Obligation.objects.visible_to(by)
        .filter(therapist_id=absence.user, state__in=states)
        .filter(window_start__lt=absence.ends_at, window_end__gt=absence.begins)
        .select_related("program__protocol", "program__location", "dosing_session")
        .order_by("window_end", "pk")
    )
    lost = {session.pk for session in sessions}
    return [
        {
            "id": row.pk,
            "window_start": row.window_start,
            "window_end": row.window_end,
            "reason": _why(row, absence),
        }
        for row in rows
        if (row.state == Obligation.State.DUE or row.integration_session_id in lost)
        and not _has_room(row, absence)
    ]


def _has_room(owed: Obligation, absence: Absence) -> bool:
    program = owed.program
    notice = timedelta(minutes=int(program.protocol.limits["notice_min"]))
    avoid = given_up(dose=owed.dosing_session)
    for modality in integration.modalities(program):
        slots = free_slots(
            program=program,
            kind=SessionKind.INTEGRATION,
            modality=modality,
            at=absence.at,
            start=max(owed.window_start, absence.at + notice),
            before=owed.window_end,
            only={str(Role.THERAPIST): [absence.user]},
            ignoring=[owed.integration_session_id] if owed.integration_session_id else [],
        )
        if integration.apart(slots, avoid):
            return True
    return False


def _why(owed: Obligation, absence: Absence) -> str:
    through = absence.starts_at <= max(owed.window_start, absence.at) and owed.window_end <= absence.ends_at
    if through:
        return "The therapist is away for the whole window."
    return "The therapist has no free slot left in this window."
