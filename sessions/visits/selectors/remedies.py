"""How what a move breaks is mended: the nearest free time at which the broken session is whole again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from kapclinic.practice.models import Role, Room, SessionKind, User
from programs.rules import integration_window
from sessions.booking.models import Session
from sessions.booking.rules import MOVABLE, Slot
from sessions.booking.selectors.availability import free_slots
from sessions.integration import rules as integration
from sessions.visits.selectors.consequences import BREAKS, MOVES, Course, Effect, EffectRow, RemedyRow, Spot

BACK, AHEAD = timedelta(days=7), timedelta(days=14)  # where a session that has no window is looked for
TRIES = 6  # times of a dose for whose integration a place is looked for


@dataclass
class Remedies:
    """The remedies of one answer: none stands in the way of another, or of what is to move."""

    by: User
    at: datetime
    _proposed: list[tuple[UUID, Slot]] = field(default_factory=list)  # for which client
    _cleaning: dict[UUID, timedelta] = field(default_factory=dict)  # of a room

    def told(
        self, found: Sequence[Effect], *, course: Course, moved: Mapping[UUID, Session]
    ) -> list[EffectRow]:
        """The effects as they are answered. `course` is as it would be after the moves of `moved`."""
        known: dict[UUID, RemedyRow | None] = {}
        rows = []
        for effect in found:
            remedy, broken = None, effect.session
            if effect.severity == BREAKS and broken is not None:
                if broken not in known:
                    mine = [other for other in found if other.session == broken and other.severity == BREAKS]
                    known[broken] = self._for_booked(broken, mine, course=course, moved=moved)
                    if (there := known[broken]) is not None:
                        course = course.moved({broken: _there(there)})
                remedy = known[broken]
            rows.append(effect.as_dict(remedy))
        return rows

    def _for_booked(
        self, broken: UUID, found: Sequence[Effect], *, course: Course, moved: Mapping[UUID, Session]
    ) -> RemedyRow | None:
        """For a session that the mover may move, and that has not begun."""
        seen = Session.objects.visible_to(self.by).select_related("program__protocol", "program__location")
        session: Session | None = seen.filter(pk=broken, status__in=MOVABLE).first()
        if session is None:
            return None
        movers = [mover for pk, mover in moved.items() if pk in {effect.of for effect in found}]
        return self.nearest(session, course=course, movers=movers)

    def nearest(
        self, session: Session, *, course: Course, movers: Sequence[Session] = (), stays: bool = False
    ) -> RemedyRow | None:
        """Where it may go with its own people so that its course is whole, and `movers` break it no more; or None.

        `stays`: its integration does not move along with a dose; such a time is looked for first. Else, of the first
        few times, one after which there is a place for that integration.
        """
        for severities in ({BREAKS, MOVES}, {BREAKS}) if stays else ({BREAKS},):
            whole = self._whole_ones(session, course, movers, severities)
            if stays or session.kind != SessionKind.DOSING:
                slot = next(whole, None)
            else:
                few = list(islice(whole, TRIES))
                after = (one for one in few if self._has_place_after(one, session, course))
                slot = next(after, few[0] if few else None)
            if slot is not None:
                found = self._in_own_room(slot, session, course)
                self._proposed.append((course.client, found))
                return _row(session, found)
        return None

    def _whole_ones(
        self, session: Session, course: Course, movers: Sequence[Session], severities: Set[str]
    ) -> Iterator[Slot]:
        """The times at which it is whole, the nearest first."""
        wanted = course.starts(session)
        free = self._free(session, course)
        for slot in sorted(free, key=lambda slot: (abs(slot.starts_at - wanted), slot.starts_at)):
            there = course.moved({session.pk: _spot(slot)})
            if not self._in_the_way(slot, session, course) and _whole(there, session, movers, severities):
                yield slot

    def _has_place_after(self, slot: Slot, dose: Session, course: Course) -> bool:
        """Is there a time for the integration of a dose that goes there, with the assigned therapist?"""
        program = dose.program
        if not program.protocol.owes_integration or program.therapist_id is None:
            return True
        there = course.moved({dose.pk: _spot(slot)})
        for modality in integration.modalities(program):
            slots = free_slots(
                program=program,
                kind=SessionKind.INTEGRATION,
                modality=modality,
                at=self.at,
                start=integration_window(program.protocol, dosed_at=slot.ends_at)[0],
                before=integration_window(program.protocol, dosed_at=slot.starts_at)[1],
                only={str(Role.THERAPIST): [program.therapist_id]},
                ignoring={dose.pk, *course.spots},
            )
            if any(not self._in_the_way(one, None, there) for one in slots):
                return True
        return False

    def _free(
        self, session: Session, course: Course, *, room: UUID | None = None, only_at: datetime | None = None
    ) -> list[Slot]:
        """Its free starts with its own people, as if all that is to move had left its old place."""
        start, before = _span(session, course, at=self.at)
        if only_at is not None:
            start, before = only_at, only_at + timedelta(minutes=1)
        length = int((session.ends_at - session.starts_at).total_seconds() // 60)
        if length <= 0:  # a row of a plan that was asked for the wrong way round
            return []
        whose: dict[str, list[UUID]] = {}
        for row in session.staff:
            whose.setdefault(row["role"], []).append(UUID(row["user"]))
        found = free_slots(
            program=session.program,
            kind=session.kind,
            modality=session.modality,
            at=self.at,
            start=start,
            before=before,
            length_min=length,
            room=room,
            only=whose,
            ignoring={session.pk, *course.spots},
        )
        people = tuple((UUID(row["user"]), row["role"]) for row in session.staff)
        return [replace(slot, staff=people) for slot in found if set(slot.staff) == set(people)]

    def _in_own_room(self, slot: Slot, session: Session, course: Course) -> Slot:
        """The same time in the room that the session has, when that one is free."""
        if slot.room in {None, session.room_id} or session.room_id is None:
            return slot
        own = self._free(session, course, room=session.room_id, only_at=slot.starts_at)
        return next((one for one in own if not self._in_the_way(one, session, course)), slot)

    def _in_the_way(self, slot: Slot, session: Session | None, course: Course) -> bool:
        """Does anything else go there that is to move, or was proposed already?"""
        mine = self._cleaned(_spot(slot))
        for pk, spot in course.spots.items():
            same_room = spot.room is not None and spot.room == slot.room
            theirs = self._cleaned(spot) if same_room else spot
            if (session is None or pk != session.pk) and _overlap(mine if same_room else _spot(slot), theirs):
                return True
        users = {user for user, _ in slot.staff}
        for client, other in self._proposed:
            shared = users & {user for user, _ in other.staff} or (slot.room and other.room == slot.room)
            if (client == course.client or shared) and _overlap(mine, self._cleaned(_spot(other))):
                return True
        return False

    def _cleaned(self, spot: Spot) -> Spot:
        """The time for which a session there holds its room."""
        if spot.room is None:
            return spot
        if spot.room not in self._cleaning:
            room = Room.objects.filter(pk=spot.room).values_list("turnover_min", flat=True).first()
            self._cleaning[spot.room] = timedelta(minutes=room or 0)
        return replace(spot, ends_at=spot.ends_at + self._cleaning[spot.room])


def _whole(course: Course, session: Session, movers: Iterable[Session], severities: Set[str]) -> bool:
    """Does nothing of this severity touch the session, where it is in this course?"""
    mine = course.effects(session, papers=False)
    theirs = [effect for mover in movers for effect in course.effects(mover, papers=False)]
    about = [*mine, *(effect for effect in theirs if effect.session == session.pk)]
    return not any(effect.severity in severities for effect in about)


def _spot(slot: Slot) -> Spot:
    return Spot(slot.starts_at, slot.ends_at, slot.room)


def _row(session: Session, slot: Slot) -> RemedyRow:
    row = slot.as_dict()
    return {
        "session": session.pk,
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "room": row["room"],
        "staff": row["staff"],
    }


def _there(row: RemedyRow) -> Spot:
    return Spot(row["starts_at"], row["ends_at"], row["room"])


def _overlap(one: Spot, other: Spot) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _span(session: Session, course: Course, *, at: datetime) -> tuple[datetime, datetime]:
    """Where it may lie: inside the integration's window, or some days around; never without notice."""
    earliest = at + timedelta(minutes=int(session.program.protocol.limits["notice_min"]))
    start, before = course.starts(session) - BACK, course.starts(session) + AHEAD
    dose = course.dose_of(session) if session.kind == SessionKind.INTEGRATION else None
    if dose is not None:
        start, before = course.window(session, dose)
    return max(start, earliest), before
