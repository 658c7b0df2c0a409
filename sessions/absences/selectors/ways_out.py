"""What could be done instead for a session that an absence breaks: who stands in, or another time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from kapclinic.practice.models import Role, SessionKind, User
from programs.rules import integration_window
from sessions.absences.selectors.impact import Absence
from sessions.booking.models import Session
from sessions.booking.rules import MOVABLE, Slot, SlotRow
from sessions.booking.selectors.availability import free_slots
from sessions.integration import rules as integration
from sessions.integration.models import Obligation
from sessions.visits.selectors import consequences

MOST, OTHERS = 3, 2  # proposals for a session; of these with other staff at the same time
BACK, AHEAD = timedelta(days=7), timedelta(days=14)
TRIES = 12  # other times that are tried against the rules of the course


class ReplacementRow(SlotRow):
    kind: str


@dataclass(frozen=True)
class Replacement:
    """One way out for a session; with the session's id it is a move."""

    kind: str
    slot: Slot

    def as_dict(self) -> ReplacementRow:
        return {"kind": self.kind, **self.slot.as_dict()}


@dataclass
class Proposals:
    """The first proposals made so far, so that no two sessions are sent to the same place at once."""

    people: list[tuple[UUID, list[str], bool]]
    taken: list[tuple[UUID, Slot]] = field(default_factory=list)

    def clash(self, session: Session, slot: Slot) -> bool:
        return any(_clash(session.client_id, slot, *other) for other in self.taken)

    def of_role(self, role: str, session: Session, *, but: UUID) -> list[UUID]:
        """Who may stand in: holds the role, and as a therapist of a KAP client is trained, or the assigned one."""
        program = session.program
        trained_only = role == Role.THERAPIST and program.protocol.owes_integration
        return [
            pk
            for pk, roles, trained in self.people
            if role in roles and pk != but and (trained or not trained_only or pk == program.therapist_id)
        ]


def _clash(client: UUID, slot: Slot, other_client: UUID, other: Slot) -> bool:
    if slot.starts_at >= other.ends_at or other.starts_at >= slot.ends_at:
        return False
    watching = str(Role.NURSE_PRACTITIONER)  # may have several clients at once
    mine = {user for user, role in slot.staff if role != watching}
    theirs = {user for user, role in other.staff if role != watching}
    same_room = slot.room is not None and slot.room == other.room
    return client == other_client or same_room or bool(mine & theirs)


def proposals(location_ids: Iterable[UUID]) -> Proposals:
    """Nothing proposed yet; the staff of these places."""
    staff = User.objects.filter(is_active=True, locations__overlap=list(location_ids))
    return Proposals(list(staff.order_by("created_at").values_list("pk", "roles", "kap_trained")))


def replace(session: Session, absence: Absence, so_far: Proposals) -> list[Replacement]:
    """Up to three ways out, best first: somebody else at the same time, the same people at another time near it, and
    then anybody at another time."""
    if session.status not in MOVABLE or session.starts_at < absence.at:
        return []
    found: list[Replacement] = []
    for one in _ways_out(session, absence, so_far):
        if so_far.clash(session, one.slot) or one.slot in [other.slot for other in found]:
            continue
        found.append(one)
        if len(found) == MOST:
            break
    if found:
        so_far.taken.append((session.client_id, found[0].slot))
    return found


def _ways_out(session: Session, absence: Absence, so_far: Proposals) -> Iterator[Replacement]:
    for slot in _with_others(session, absence, so_far):
        yield Replacement("other_staff", slot)
    same: dict[str, list[UUID]] = {}
    for row in session.staff:
        if row["role"] != _WATCHING:
            same.setdefault(row["role"], []).append(UUID(row["user"]))
    others = {role: so_far.of_role(role, session, but=absence.user) for role in same}
    for only in (same, others):
        for slot in _at_other_times(session, absence, only):
            yield Replacement("other_time", slot)


_WATCHING = str(Role.NURSE_PRACTITIONER)


def _length(session: Session) -> int:
    return int((session.ends_at - session.starts_at).total_seconds() // 60)


def _with_others(session: Session, absence: Absence, so_far: Proposals) -> Iterator[Slot]:
    """The same start with somebody else in the absent person's place; whoever else was to be there stays."""
    away = {row["role"] for row in session.staff if row["user"] == str(absence.user)}
    kept: dict[str, list[UUID]] = {}
    for row in session.staff:
        if row["user"] != str(absence.user):
            kept.setdefault(row["role"], []).append(UUID(row["user"]))
    beside = next((user for role in away for user in kept.get(role, ())), None)  # of the same role, and stays
    asked: set[UUID] = set()
    for _ in range(OTHERS):
        stand_ins = {
            role: [pk for pk in so_far.of_role(role, session, but=absence.user) if pk not in asked]
            for role in away
        }
        only = stand_ins | {role: [*users, *stand_ins.get(role, ())] for role, users in kept.items()}
        slot = _same_start(session, only, absence, someone=beside)
        if slot is None:
            return
        yield slot
        asked |= {user for user, role in slot.staff if role in away}


def _same_start(
    session: Session, only: Mapping[str, list[UUID]], absence: Absence, *, someone: UUID | None
) -> Slot | None:
    """The session's own start with these people: in its own room, or in another when that one is taken."""
    for room in dict.fromkeys([session.room_id, None]):
        slots = free_slots(
            program=session.program,
            kind=session.kind,
            modality=session.modality,
            at=absence.at,
            start=session.starts_at,
            before=session.starts_at + timedelta(minutes=1),
            length_min=_length(session),
            room=room,
            someone=someone,
            only=only,
            ignoring=[session.pk],
            exact=True,
        )
        if slots:
            return slots[0]
    return None


def _at_other_times(session: Session, absence: Absence, only: Mapping[str, list[UUID]]) -> Iterator[Slot]:
    """Free starts near the present one that break no rule of the course, on preferred days and hours first."""
    program = session.program
    start, before = _span(session, absence)
    slots = free_slots(
        program=program,
        kind=session.kind,
        modality=session.modality,
        at=absence.at,
        start=start,
        before=before,
        length_min=_length(session),
        only=only,
        ignoring=[session.pk],
    )
    zone = program.location.zone

    def nearness(slot: Slot) -> tuple[bool, timedelta]:
        return not integration.preferred(slot, program, zone), abs(slot.starts_at - session.starts_at)

    elsewhere = [slot for slot in slots if slot.starts_at != session.starts_at]
    for slot in sorted(elsewhere, key=nearness)[:TRIES]:
        effects = consequences.effects(session=session, starts_at=slot.starts_at, ends_at=slot.ends_at)
        if all(effect.severity != consequences.BREAKS for effect in effects):
            yield slot


def _span(session: Session, absence: Absence) -> tuple[datetime, datetime]:
    """Where another time may lie: inside the integration's window, or some days around; never without notice."""
    earliest = absence.at + timedelta(minutes=int(session.program.protocol.limits["notice_min"]))
    start, before = session.starts_at - BACK, session.starts_at + AHEAD
    if session.kind == SessionKind.INTEGRATION and session.for_dose is not None:
        start, before = _window(session, session.for_dose)
    return max(start, earliest), before


def _window(session: Session, dose: Session) -> tuple[datetime, datetime]:
    owed = Obligation.objects.filter(dosing_session=dose).first()
    if owed is not None:
        return owed.window_start, owed.window_end
    protocol = session.program.protocol
    return (
        integration_window(protocol, dosed_at=dose.ends_at)[0],
        integration_window(protocol, dosed_at=dose.starts_at)[1],
    )
