"""Pure rules of the waitlist: its moves, whom a freed slot suits, who comes first, by when the front desk calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import BOOKERS
from programs.models import Modality, Program
from programs.rules import DOSES_TO_COME
from sessions.booking.models import Session
from sessions.booking.rules import SYSTEM, Need, Slot, on_days_and_hours, seats_of
from sessions.waitlist.models import ANY, WaitlistEntry

S = WaitlistEntry.Status

WAITLIST_MOVES = {
    "fill": Move.of({S.WAITING}, S.FILLED, BOOKERS | SYSTEM),
    "withdraw": Move.of({S.WAITING}, S.WITHDRAWN, BOOKERS | SYSTEM),
    "expire": Move.of({S.WAITING}, S.EXPIRED, SYSTEM),
}
CALLER_MOVES = {"withdraw": WAITLIST_MOVES["withdraw"]}

CALL = timedelta(minutes=15)
WIDEST = timedelta(days=366)
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Freed:
    """What a session held and holds no more: its time, its room and its people."""

    session: UUID
    program: UUID
    location: UUID
    starts_at: datetime
    ends_at: datetime
    modality: str
    room: UUID | None
    staff: tuple[tuple[UUID, str], ...]

    @classmethod
    def of(cls, session: Session) -> Freed:
        """Read this before the session moves, or once it has ended."""
        return cls(
            session=session.pk,
            program=session.program_id,
            location=session.location_id,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            modality=session.modality,
            room=session.room_id,
            staff=tuple((UUID(str(row["user"])), str(row["role"])) for row in session.staff),
        )


def may_be_booked(entry: WaitlistEntry) -> bool:
    """Does the course take a session of this kind? One that is held or over takes only what its doses owe."""
    return entry.program.status == Program.Status.ACTIVE or entry.kind == SessionKind.INTEGRATION


@dataclass(frozen=True)
class Match:
    """One who waits, and the slot that they could have now."""

    entry: WaitlistEntry
    slot: Slot


def window_errors(*, window_from: datetime, window_to: datetime, at: datetime) -> list[FieldError]:
    """Reversed, over already, or too wide."""
    if window_to <= window_from:
        return [FieldError("/window_to", "reversed", "The end must be after the start.")]
    if window_to <= at:
        return [FieldError("/window_to", "too_early", "This window is over.")]
    if window_to - window_from > WIDEST:
        return [FieldError("/window_to", "too_wide", "A year at most.")]
    return []


def ranked(entries: Iterable[WaitlistEntry], *, deadlines: Mapping[UUID, datetime]) -> list[WaitlistEntry]:
    """Integrations whose window is about to close first, then the earliest end of the wait, then the longest wait."""

    def place(entry: WaitlistEntry) -> tuple[datetime, datetime, datetime, UUID]:
        owed = entry.kind == SessionKind.INTEGRATION
        deadline = deadlines.get(entry.program_id, NEVER) if owed else NEVER
        return deadline, entry.window_to, entry.created_at, entry.pk

    return sorted(entries, key=place)


def one_per_client(matches: Iterable[Match]) -> list[Match]:
    """Each client's best match: one call, not two."""
    found: dict[UUID, Match] = {}
    for match in matches:
        found.setdefault(match.entry.program.client_id, match)
    return list(found.values())


def due_by(rank: int, *, of: int, starts_at: datetime, at: datetime) -> datetime:
    """When the call of this rank (0 is first) should have been made: a quarter of an hour each, all before the slot."""
    step = min(CALL, (starts_at - at) / (of + 1))
    return at + step * (rank + 1)


def modalities(entry: WaitlistEntry, *, freed: Freed) -> list[str]:
    """What the entry asks for; for any, what the client accepts, the freed slot's own first. A dose is in person
    unless the protocol allows it at home."""
    if entry.modality != ANY:
        return [entry.modality]
    accepted = [str(one) for one in entry.program.accepted_modalities] or [str(Modality.IN_PERSON)]
    if entry.kind == SessionKind.DOSING and not entry.program.protocol.home_dosing:
        accepted = [str(Modality.IN_PERSON)]
    return sorted(accepted, key=lambda one: one != freed.modality)


def freed_staff(
    *, needs: Sequence[Need], freed: Freed, program: Program, trained: frozenset[UUID]
) -> dict[str, list[UUID]]:
    """Role -> those who were freed and may fill it for this program; empty when nobody of them is needed.

    A client of a KAP program is seen by the assigned therapist, or by another who is trained for it.
    """
    found: dict[str, list[UUID]] = {}
    roles = {seat.role for seat in seats_of(needs)}
    for user, role in freed.staff:
        strange = role == Role.THERAPIST and program.protocol.owes_integration and user not in trained
        if role in roles and (not strange or user == program.therapist_id):
            found.setdefault(role, []).append(user)
    return found


def suits(slot: Slot, entry: WaitlistEntry, zone: ZoneInfo) -> bool:
    """Does the slot begin in the window, on a day and at an hour on which the client can come?"""
    local = slot.starts_at.astimezone(zone)
    if not entry.window_from <= slot.starts_at < entry.window_to:
        return False
    return on_days_and_hours(local, days=entry.preferred_days, hours=entry.preferred_hours)


def agreed(match: Match, *, at: datetime) -> bool:
    """May this slot be booked without asking?

    The client agreed, would meet their own therapist or prescriber, and has the protocol's notice. A dose that the
    course does not plan any more is never booked with nobody looking.
    """
    program = match.entry.program
    if match.entry.kind == SessionKind.DOSING and program.phase not in DOSES_TO_COME:
        return False
    own = {str(Role.THERAPIST): program.therapist_id, str(Role.PRESCRIBER): program.prescriber_id}
    strangers = [user for user, role in match.slot.staff if own.get(role) not in {None, user}]
    notice = timedelta(minutes=int(program.protocol.limits["notice_min"]))
    return match.entry.auto_fill and not strangers and match.slot.starts_at >= at + notice


def fulfils(session: Session, entry: WaitlistEntry) -> bool:
    """Is this session what the entry waits for?"""
    asked = entry.modality in {ANY, session.modality}
    return (
        asked
        and session.kind == entry.kind
        and session.program_id == entry.program_id
        and entry.window_from <= session.starts_at < entry.window_to
    )
