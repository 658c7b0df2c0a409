"""Pure rules of booking: the session's moves, what a session holds, which lane is free, what clashes."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, TypeVar
from uuid import UUID

from kapclinic.core.errors import FieldError
from kapclinic.core.transitions import Move
from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.rules import BOOKERS, NURSES
from programs.models import Modality, Program, Protocol
from sessions.booking.models import Allocation, Session, SessionHold

S = Session.Status
T = TypeVar("T")
SYSTEM = frozenset({"system"})
CAREGIVERS = frozenset({Role.THERAPIST, Role.NURSE_PRACTITIONER, Role.PRESCRIBER})

SESSION_MOVES = {
    "confirm": Move.of({S.HELD}, S.SCHEDULED, SYSTEM),
    "check_in": Move.of({S.SCHEDULED}, S.CHECKED_IN, BOOKERS),
    "start": Move.of({S.CHECKED_IN}, S.IN_PROGRESS, CAREGIVERS),
    "complete": Move.of({S.CHECKED_IN, S.IN_PROGRESS}, S.COMPLETED, CAREGIVERS),
    "not_dosed": Move.of({S.CHECKED_IN, S.IN_PROGRESS}, S.COMPLETED, NURSES),
    "cancel": Move.of({S.HELD, S.SCHEDULED, S.CHECKED_IN, S.IN_PROGRESS}, S.CANCELLED, BOOKERS | SYSTEM),
    "no_show": Move.of({S.SCHEDULED}, S.NO_SHOW, BOOKERS),
    "reschedule": Move.of({S.HELD, S.SCHEDULED}, None, BOOKERS | SYSTEM),
}

MOVABLE = frozenset({S.HELD, S.SCHEDULED})  # not begun
HERE = frozenset({S.CHECKED_IN, S.IN_PROGRESS})  # the client has come, and the session is not over
CAME = HERE | {S.COMPLETED}  # the client has come
AHEAD = (S.HELD, S.SCHEDULED, S.CHECKED_IN, S.IN_PROGRESS)  # not over
EXCLUSIVE = (0, 100)
OVERRIDE_FROM = 100
KEPT_FOR = timedelta(minutes=5)
GRID = timedelta(minutes=15)
LATE_ENTRY = timedelta(days=7)
LONGEST = timedelta(hours=12)
LONGEST_HELD = LONGEST + timedelta(
    minutes=240
)  # a room is held until it has been cleaned (`Room`'s constraint)
FURTHEST = timedelta(days=730)
NEEDED_ROLE: Mapping[str, Role] = {
    SessionKind.PREPARATION: Role.THERAPIST,
    SessionKind.INTEGRATION: Role.THERAPIST,
    SessionKind.MEDICAL: Role.PRESCRIBER,
}


ON_SITE = "on_site"


class StaffRow(TypedDict):
    """Who is to be there in which role; ids are text once they are stored."""

    user: UUID | str
    role: str


class StoredStaff(TypedDict):
    user: str
    role: str


class Place(TypedDict):
    """Where the client is; at home also the nearest help in an emergency."""

    state: str
    address: str
    emergency_department: NotRequired[str]
    ems_phone: NotRequired[str]


class Escort(TypedDict):
    """Who takes the client home."""

    name: str
    phone: str
    relationship: NotRequired[str]


class SlotRow(TypedDict):
    starts_at: datetime
    ends_at: datetime
    modality: str
    room: UUID | None
    staff: list[StaffRow]


@dataclass(frozen=True)
class Need:
    """A part of a session that `count` people of `role` must fill: minutes from its start.

    They are held exclusively, on one `monitor` place each, or are `on_site`: at work there, but not reserved. With
    `any_of` (users, the preferred first) nobody else may.
    """

    role: str
    from_min: int
    to_min: int
    mode: str
    any_of: tuple[UUID, ...] = ()
    count: int = 1

    def admits(self, user: UUID) -> bool:
        return not self.any_of or user in self.any_of

    def overlaps(self, other: Need) -> bool:
        return self.from_min < other.to_min and other.from_min < self.to_min


@dataclass(frozen=True)
class Seat:
    """One person's place in the team of a session: every part that they are held for."""

    parts: tuple[Need, ...]

    @property
    def role(self) -> str:
        return self.parts[0].role

    @property
    def any_of(self) -> tuple[UUID, ...]:
        return self.parts[0].any_of

    def takes(self, role: str, user: UUID) -> bool:
        return role == self.role and self.parts[0].admits(user)

    def may_add(self, need: Need) -> bool:
        """May this part go to the same person: same role, same pool, and at no time beside another part of the seat?"""
        same = (need.role, need.any_of) == (self.role, self.any_of)
        return same and not any(need.overlaps(part) for part in self.parts)


@dataclass(frozen=True)
class Wanted:
    """A resource to be held from–to; `places` is how many lanes a monitor has, 0 for exclusive use.

    With `override` it may stand beside others, in a lane of its own.
    """

    kind: str
    resource: UUID
    role: str
    starts_at: datetime
    ends_at: datetime
    places: int = 0
    override: bool = False


@dataclass(frozen=True)
class Slot:
    """A start that works, with what a booking would hold; each one plus program and kind is a valid booking."""

    starts_at: datetime
    ends_at: datetime
    modality: str
    room: UUID | None
    staff: tuple[tuple[UUID, str], ...]

    def as_dict(self) -> SlotRow:
        staff: list[StaffRow] = [{"user": user, "role": role} for user, role in self.staff]
        return {
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "modality": self.modality,
            "room": self.room,
            "staff": staff,
        }


def needs_of(*, kind: str, protocol: Protocol, length_min: int) -> list[Need]:
    """Who a session of `kind` needs, from the protocol's resources for dosing."""
    if kind == SessionKind.DOSING:
        return [
            Need(
                row["role"],
                row["from_min"],
                min(row["to_min"], length_min),
                row["mode"],
                tuple(UUID(user) for user in row.get("any_of", ())),
                row.get("count", 1),
            )
            for row in protocol.resources
            if row["from_min"] < length_min
        ]
    role = NEEDED_ROLE.get(kind, Role.THERAPIST if protocol.owes_integration else Role.PRESCRIBER)
    return [Need(str(role), 0, length_min, "exclusive")]


def seats_of(needs: Iterable[Need]) -> list[Seat]:
    """The team that a session needs, a seat per person; who is only on site has none.

    Rows of one role and one pool that follow each other are one seat: who was there at the start comes back for the
    discharge, and may do something else in between. Nobody takes two seats.
    """
    seats: list[Seat] = []
    for need in needs:
        if need.mode == ON_SITE:
            continue
        again = [i for i, seat in enumerate(seats) if seat.may_add(need)][: need.count]
        for i in again:
            seats[i] = Seat((*seats[i].parts, need))
        seats += [Seat((need,))] * (need.count - len(again))
    return seats


def filled(options: Sequence[Sequence[T]]) -> list[T | None]:
    """Choose one option per seat, nobody twice: first as many seats as possible, then each seat's earliest option."""
    most = _most(options)
    chosen: list[T | None] = []
    for seat, ones in enumerate(options):
        for one in ones:
            gone = [*chosen, one]
            left = [[other for other in others if other not in gone] for others in options[seat + 1 :]]
            sure = sum(other is not None for other in gone)
            if one not in chosen and sure + _most(left) == most:
                chosen.append(one)
                break
        else:
            chosen.append(None)
    return chosen


def _most(options: Sequence[Sequence[T]]) -> int:
    """How many seats can be filled at once (Kuhn 1955: a seat may take a person whose holder finds another)."""
    holder: dict[T, int] = {}

    def finds(seat: int, tried: set[T]) -> bool:
        for one in options[seat]:
            if one in tried:
                continue
            tried.add(one)
            if one not in holder or finds(holder[one], tried):
                holder[one] = seat
                return True
        return False

    return sum(finds(seat, set()) for seat in range(len(options)))


def parts_of(needs: Iterable[Need], staff: Sequence[StaffRow]) -> list[tuple[Need, ...]]:
    """What each row of `staff` is held for: the parts of its seat.

    A person beyond the protocol's number is held like the first of their role; one of a role that it does not name,
    throughout.
    """
    seats = seats_of(needs)
    people = [(str(row["role"]), UUID(str(row["user"]))) for row in staff]
    options = [[i for i, person in enumerate(people) if seat.takes(*person)] for seat in seats]
    taken = {row: seat for row, seat in zip(filled(options), seats, strict=True) if row is not None}
    found = []
    for i, (role, user) in enumerate(people):
        spare = [seat for seat in seats if seat.role == role]
        spare.sort(key=lambda seat: not seat.takes(role, user))
        whole = Seat((Need(role, 0, 10_000, "exclusive"),))
        found.append(taken.get(i, [*spare, whole][0]).parts)
    return found


def unfilled(needs: Iterable[Need], staff: Sequence[StaffRow]) -> list[str]:
    """The roles of the team's seats that nobody of `staff` takes; nobody takes two."""
    seats = seats_of(needs)
    options = [[str(row["user"]) for row in staff if row["role"] == seat.role] for seat in seats]
    return [seat.role for seat, user in zip(seats, filled(options), strict=True) if user is None]


def outside_pool(needs: Iterable[Need], staff: Sequence[StaffRow]) -> list[int]:
    """The rows of `staff` whose role the protocol leaves to certain people, and who are not among these."""
    seats = seats_of(needs)
    roles = {seat.role for seat in seats}
    return [
        i
        for i, row in enumerate(staff)
        if row["role"] in roles
        and not any(seat.takes(str(row["role"]), UUID(str(row["user"]))) for seat in seats)
    ]


def off_site_words(need: Need) -> str:
    """What is said when an `on_site` part lacks its people."""
    who = Role(need.role).label.lower()
    return f"The protocol asks for {need.count} {who} on site for minutes {need.from_min} to {need.to_min}."


def wanted(
    *,
    session: Session | SessionHold,
    needs: Sequence[Need],
    turnover_min: int,
    places: Mapping[UUID, int],
    clients: Sequence[UUID],
    override: Collection[str] = (),
) -> list[Wanted]:
    """All that `session` will hold: the client under every id of theirs (`clients`), the room (turnover lengthens it),
    each staff member's parts."""
    start, end = session.starts_at, session.ends_at
    found = [Wanted("client", pk, "", start, end) for pk in clients]
    if session.room_id:
        cleaned = end + timedelta(minutes=turnover_min)
        found.append(Wanted("room", session.room_id, "", start, cleaned, override="room" in override))
    for row, parts in zip(session.staff, parts_of(needs, session.staff), strict=True):
        user = UUID(str(row["user"]))
        found += [
            Wanted(
                "staff",
                user,
                row["role"],
                start + timedelta(minutes=part.from_min),
                min(end, start + timedelta(minutes=part.to_min)),
                places.get(user, 1) if part.mode == "monitor" else 0,
                override="staff" in override,
            )
            for part in parts
        ]
    return found


def next_number(taken: Collection[int]) -> int:
    """The first number that is not taken: one rebooked takes the old number."""
    return next(number for number in itertools.count(1) if number not in taken)


def on_days_and_hours(
    local: datetime, *, days: Sequence[int] | None, hours: Mapping[str, str] | None
) -> bool:
    """Does a local time fall on one of `days` (0 is Monday) and within `hours`? None or none given: any will do."""
    if days and local.weekday() not in days:
        return False
    return not hours or hours["from"] <= local.strftime("%H:%M") < hours["to"]


def overlaps(a: Wanted, b: Allocation) -> bool:
    """Half-open intervals: back-to-back does not overlap."""
    return a.resource == b.resource and a.starts_at < b.ends_at and b.starts_at < a.ends_at


def choose_lane(want: Wanted, taken: Iterable[Allocation]) -> tuple[int, int] | None:
    """The lane that `want` may use beside `taken`, or None when it clashes."""
    lanes = [(row.lanes.lower, row.lanes.upper) for row in taken if overlaps(want, row)]
    choices = [(n, n + 1) for n in range(want.places)] or [EXCLUSIVE]
    if want.override:
        choices += [(n, n + 1) for n in range(OVERRIDE_FROM, OVERRIDE_FROM + len(lanes) + 1)]
    for low, high in choices:
        if all(high <= other_low or other_high <= low for other_low, other_high in lanes):
            return low, high
    return None


def time_errors(
    *, starts_at: datetime, ends_at: datetime, at: datetime, override_reason: str
) -> list[FieldError]:
    """Reversed, too long, too far ahead, or in the past without a reason (late entry: 7 days at most)."""
    if ends_at <= starts_at:
        return [FieldError("/ends_at", "reversed", "The end must be after the start.")]
    if ends_at - starts_at > LONGEST:
        return [FieldError("/ends_at", "too_long", "A session lasts 12 hours at most.")]
    if starts_at > at + FURTHEST:
        return [FieldError("/starts_at", "too_far", "Two years ahead at most.")]
    if starts_at < at - LATE_ENTRY:
        return [FieldError("/starts_at", "too_old", "A late entry goes back 7 days at most.")]
    if starts_at < at - timedelta(minutes=15) and not override_reason:
        return [FieldError("/override_reason", "required", "A booking in the past needs a reason.")]
    return []


def modality_errors(*, kind: str, modality: str, program: Program, room_given: bool) -> list[FieldError]:
    """Dosing is in person unless the protocol allows it at home; in person needs a room."""
    if kind == SessionKind.DOSING and modality == Modality.VIDEO and not program.protocol.home_dosing:
        return [FieldError("/modality", "in_person_only", "This protocol does not allow dosing at home.")]
    if modality == Modality.IN_PERSON and not room_given:
        return [FieldError("/room", "required", "A session in person needs a room.")]
    return []


def staff_rows(rows: Iterable[StaffRow]) -> list[StoredStaff]:
    """Staff as stored: ids as text, one row per person and role."""
    seen: dict[tuple[str, str], StoredStaff] = {}
    for row in rows:
        seen[(str(row["user"]), str(row["role"]))] = {"user": str(row["user"]), "role": str(row["role"])}
    return list(seen.values())
