"""Verbs of booking. Every booking takes its resources' locks in one order, so racing desks never deadlock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.asking import Params
from kapclinic.core.errors import Conflict, FieldError, Invalid, merge
from kapclinic.core.moments import moment_errors
from kapclinic.core.rows import each
from kapclinic.core.wording import a, once
from kapclinic.practice.models import SYSTEM, Actor, User
from programs.models import Program
from sessions.booking import rules
from sessions.booking.models import Allocation, Session, SessionHold, Stage
from sessions.booking.rules import Need, Place, StaffRow, Wanted, said
from sessions.booking.selectors import availability
from sessions.booking.selectors.asked import Found, asked, question
from sessions.booking.services.again import ask_again, settle_asked
from sessions.booking.services.allocations import (
    allocate,
    lock_resources,
    lock_with_client,
    planned,
    release,
    release_kept_slot,
    taken_resources,
)
from sessions.booking.services.leaving import settle_left, settle_rebooked


class HoldExpired(Conflict):
    code, title = "hold_expired", "The held slot is gone"


class OutsideHours(Invalid):
    code, title = "outside_hours", "Outside opening or working hours"


@dataclass(frozen=True)
class Ask:
    """A booking as asked for: times with their zone, a room for in person, who is to be there in which role."""

    kind: str
    modality: str
    starts_at: datetime
    ends_at: datetime
    room: UUID | None = None
    staff: Sequence[StaffRow] = ()
    override_reason: str = ""
    client_location: Place | None = None
    override: Sequence[str] = ()  # "room", "staff": what may be used twice at the same time, on purpose

    @property
    def resources(self) -> list[UUID]:
        """Its room and staff."""
        return [UUID(str(row["user"])) for row in self.staff] + ([self.room] if self.room else [])

    def time_errors(self, *, at: datetime) -> list[FieldError]:
        times = {"starts_at": self.starts_at, "ends_at": self.ends_at}
        return rules.time_errors(**times, at=at, override_reason=self.override_reason)


def _staff_errors(program: Program, ask: Ask, found: Found) -> list[FieldError]:
    errors = [] if ask.staff else [FieldError("/staff", "required", "Somebody has to be there.")]
    for index, row in enumerate(ask.staff):
        person = found.people.get(UUID(str(row["user"])))
        if person is None or not person.here:
            errors.append(
                FieldError(f"/staff/{index}/user", "not_found", "No such staff member at this location.")
            )
        elif row["role"] not in person.roles:
            errors.append(
                FieldError(f"/staff/{index}/role", "wrong_role", "This staff member does not hold the role.")
            )
    needed = rules.NEEDED_ROLE.get(ask.kind)
    if ask.staff and needed and not any(row["role"] == needed for row in ask.staff):
        errors.append(
            FieldError("/staff", "role_missing", f"This kind of session needs {a(needed.label.lower())}.")
        )
    return [*errors, *_pool_errors(program, ask)]


def _pool_errors(program: Program, ask: Ask) -> list[FieldError]:
    """One error per staff member whom the protocol does not name for the role; none with an override reason."""
    if ask.override_reason:
        return []
    needs = _needs(ask.kind, program, ask.starts_at, ask.ends_at)
    detail = "The protocol names others for this role. Send override_reason to book."
    return [
        FieldError(f"/staff/{index}/user", "outside_pool", detail)
        for index in rules.outside_pool(needs, ask.staff)
    ]


def _needs(kind: str, program: Program, starts_at: datetime, ends_at: datetime) -> list[Need]:
    length = int((ends_at - starts_at).total_seconds() // 60)
    return rules.needs_of(kind=kind, protocol=program.protocol, length_min=length)


def _room_errors(ask: Ask, found: Found) -> list[FieldError]:
    if ask.room is None:
        return []
    if found.kinds is None:
        return [FieldError("/room", "not_found", "There is no such room at this location.")]
    if ask.kind not in found.kinds:
        return [FieldError("/room", "wrong_kind", f"This room does not serve {ask.kind}.")]
    return []


def _refuse_impossible(program: Program, ask: Ask, found: Found) -> None:
    """:raises Invalid: naming each staff row, room or modality that can't be"""
    merge(
        [
            *rules.modality_errors(
                kind=ask.kind, modality=ask.modality, program=program, room_given=ask.room is not None
            ),
            *_room_errors(ask, found),
            *_staff_errors(program, ask, found),
        ]
    )


@dataclass(frozen=True)
class Wish:
    """What a session, or a hold, asks for at its time, and for whom (`clients`: the client under every id)."""

    owner: Session | SessionHold
    program: Program
    clients: Sequence[UUID]
    override: Sequence[str] = ()

    def wants(self, found: Found | None = None) -> list[Wanted]:
        """All that it will hold; before it is known (`found`), without a room's cleaning and places to watch from."""
        return rules.wanted(
            session=self.owner,
            needs=_needs(self.owner.kind, self.program, self.owner.starts_at, self.owner.ends_at),
            turnover_min=found.turnover_min if found else 0,
            places=found.places if found else {},
            clients=self.clients,
            override=self.override,
        )

    def question(self, *, at: datetime) -> Params:
        owner = self.owner
        return question(program=self.program, kind=owner.kind, room=owner.room_id, parts=self.wants(), at=at)


def new_session(*, program: Program, ask: Ask) -> Session:
    """The session that is asked for, as yet unsaved."""
    return Session(
        program=program,
        client_id=program.client_id,
        location_id=program.location_id,
        room_id=ask.room,
        staff=rules.staff_rows(ask.staff),
        kind=ask.kind,
        modality=ask.modality,
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
        override_reason=ask.override_reason,
        client_location=ask.client_location,
    )


class Among(Protocol):
    """Other bookings that are made with this one: `booking.services.lists.Together`."""

    def found(self, ask: Ask, program: Program) -> Found: ...

    def take(self, session: Session, rows: Sequence[Allocation], found: Found) -> None: ...


def _require_hours(wish: Wish, found: Found) -> None:
    """:raises OutsideHours: naming the location's hours, each staff member's, or a role that must be on site"""
    owner, program = wish.owner, wish.program
    errors = (
        [FieldError("/starts_at", "outside_hours", "The location is closed at that time.")]
        if found.closed
        else []
    )
    for index, row in enumerate(owner.staff):
        if UUID(row["user"]) in found.absent:
            errors.append(
                FieldError(f"/staff/{index}", "outside_hours", "This staff member does not work then.")
            )
    needs = _needs(owner.kind, program, owner.starts_at, owner.ends_at)
    missing = availability.off_site(location=program.location_id, needs=needs, starts_at=owner.starts_at)
    errors += [FieldError("/staff", "off_site", rules.off_site_words(need)) for need in missing]
    if errors:
        raise OutsideHours(
            once([*(e.detail for e in errors), "Send override_reason to book."]), errors=errors
        )


def require_override(*, program: Program, ask: Ask, by: Actor) -> None:
    """A deliberate double use needs a reason, and a role that the location allows.

    :raises Invalid: without a reason
    :raises NotPermitted: by another role
    """
    if not ask.override:
        return
    if not ask.override_reason:
        raise Invalid.field("override_reason", "A double use needs a reason.", code="required")
    transitions.require_role(by, frozenset(program.location.override_roles), what="A double use here")


def book_session(
    *,
    program: Program,
    ask: Ask,
    by: Actor,
    at: datetime,
    status: str = Session.Status.SCHEDULED,
    source: str = Session.Source.STAFF,
    for_dose: Session | None = None,
    wait: bool = True,
    clients: Sequence[UUID] | None = None,
    guess: Params | None = None,
    among: Among | None = None,
) -> Session:
    """Book one session with everything it holds, or nothing. The caller has locked the program.

    `clients` is the client under every id, from a caller who has locked these too, with all of `ask.resources`;
    `guess` is what was asked behind these locks.
    `among`: it is one of a list, which has asked for all of them and holds what they take.

    Whatever is refused is refused before anything is written. Who goes on to another slot after that does this in a
    savepoint: locks that are kept while others are waited for may deadlock.

    :raises Invalid: for times, room, staff or modality that can't be
    :raises OutsideHours: outside opening or working hours, without `override_reason`
    :raises ResourceConflict: when the room, a staff member or the client is taken
    """
    merge(ask.time_errors(at=at))
    require_override(program=program, ask=ask, by=by)
    # The locks come before all questions: a person, a room or hours may go while they are waited for.
    if clients is None:
        clients = lock_with_client(ask.resources, client=program.client_id, wait=wait)
    session = new_session(program=program, ask=ask)
    session.status, session.source, session.for_dose = status, source, for_dose
    wish = Wish(session, program, clients, ask.override)
    found = asked(wish.question(at=at), guess=guess) if among is None else among.found(ask, program)
    _refuse_impossible(program, ask, found)
    if not ask.override_reason:
        _require_hours(wish, found)
    session.number = for_dose.number if for_dose else rules.next_number(found.numbers)
    rows = planned(owner=session, wants=wish.wants(found), found=found, by=by, at=at)
    session.save_by(by, at=at)
    if among is None:
        allocate(rows, found=found, at=at)
    else:
        among.take(session, rows, found)
    return session


@transaction.atomic
def move_session(
    *, session: Session, program: Program, ask: Ask, reason: str, by: Actor, at: datetime
) -> Session:
    """Give a session other times, room or staff: frees what it held and holds the new, in one transaction (R2).

    What was said for the old time is cleared where it no longer counts, and asked again (clinical policy 2.2).

    :raises IllegalTransition: once it has begun, or is over
    :raises Invalid: / OutsideHours / ResourceConflict: as for a booking; then nothing has moved
    """
    transitions.apply(rules.SESSION_MOVES, "reschedule", instance=session, by=by)
    merge(ask.time_errors(at=at))
    require_override(program=program, ask=ask, by=by)
    clients = lock_with_client(
        [*taken_resources(session), *ask.resources], client=program.client_id
    )  # first, as for a booking
    lost = said.outlived(session, starts_at=ask.starts_at)
    for name, value in lost.items():
        setattr(session, name, value)
    session.starts_at, session.ends_at, session.room_id = ask.starts_at, ask.ends_at, ask.room
    session.staff, session.reason = rules.staff_rows(ask.staff), reason
    session.override_reason = ask.override_reason or session.override_reason
    wish = Wish(session, program, clients, ask.override)
    found = asked(wish.question(at=at))
    _refuse_impossible(program, ask, found)
    if not ask.override_reason:
        _require_hours(wish, found)
    rows = planned(owner=session, wants=wish.wants(found), found=found, by=by, at=at)
    release(session=session, at=at)
    settle_rebooked(session=session, by=by, at=at)
    session.save_by(by, at=at)
    allocate(rows, found=found, at=at)
    ask_again(session=session, lost=lost, by=by, at=at)
    return session


@transaction.atomic
def end_booking(
    *, session: Session, move: str, reason: str, by: Actor, at: datetime, moment: datetime | None = None
) -> Session:
    """Cancel, or note a no-show: the session keeps its row and frees all that it held, in one transaction (R2).

    :raises IllegalTransition: from a state that the move does not start in
    """
    transitions.apply(rules.SESSION_MOVES, move, instance=session, by=by)
    session.reason, session.cancelled_at = reason, moment or at
    release(session=session, at=at)
    settle_asked(session=session, outcome=session.status, by=by, at=at)
    settle_left(session=session, outcome=session.status, by=by, at=at)
    return session.save_by(by, at=at)


def hold_again(*, session: Session, by: Actor, at: datetime) -> None:
    """A session that was ended in error stands again: it holds what it held, or nothing changes.

    :raises ResourceConflict: when its time, room or people are taken by now
    """
    resources = [UUID(row["user"]) for row in session.staff] + ([session.room_id] if session.room_id else [])
    wish = Wish(session, session.program, lock_with_client(resources, client=session.client_id))
    found = asked(wish.question(at=at))
    allocate(planned(owner=session, wants=wish.wants(found), found=found, by=by, at=at), found=found, at=at)


def write_stage(*, session: Session, stage: str, moment: datetime, by: User, at: datetime) -> Stage:
    """Write down where the client is; `visits.services.note_stage` looks whether they are here.

    :raises Invalid: for a time in the future
    """
    merge(moment_errors(moment=moment, at=at, after=None))
    return Stage(session=session, stage=stage, at=moment).insert_by(by, at=at)


@transaction.atomic
def keep_slot(*, program: Program, ask: Ask, by: User, at: datetime) -> SessionHold:
    """Keep a slot for `rules.KEPT_FOR` while the desk decides: nobody else can book it until then.

    :raises Invalid: / OutsideHours / ResourceConflict: as for a booking
    """
    merge(rules.time_errors(starts_at=ask.starts_at, ends_at=ask.ends_at, at=at, override_reason=""))
    clients = lock_with_client(ask.resources, client=program.client_id)
    hold = SessionHold(
        program=program,
        kind=ask.kind,
        modality=ask.modality,
        room_id=ask.room,
        staff=rules.staff_rows(ask.staff),
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
        expires_at=at + rules.KEPT_FOR,
    )
    wish = Wish(hold, program, clients)
    found = asked(wish.question(at=at))
    _refuse_impossible(program, ask, found)
    _require_hours(wish, found)
    rows = planned(owner=hold, wants=wish.wants(found), found=found, by=by, at=at)
    hold.save_by(by, at=at)
    allocate(rows, found=found, at=at)
    return hold


@transaction.atomic
def end_kept_slot(*, hold_id: UUID, by: User, at: datetime) -> SessionHold:
    """Let a kept slot go: it was booked, or is not wanted.

    :raises HoldExpired: when it ended before
    """
    hold: SessionHold = SessionHold.objects.select_for_update().get(pk=hold_id)
    if hold.released_at is not None or hold.expires_at <= at:
        raise HoldExpired("Choose a slot again.")
    hold.released_at = at
    release_kept_slot(hold=hold, at=at)
    return hold.save_by(by, at=at)


@transaction.atomic
def _expire(hold_id: UUID, *, at: datetime) -> None:
    hold = SessionHold.objects.select_for_update(skip_locked=True).filter(pk=hold_id).first()
    if hold is None or hold.released_at is not None:
        return
    held = Allocation.objects.filter(hold=hold, released_at__isnull=True)
    lock_resources(list(held.values_list("resource", flat=True)))  # as a booking that lets them go does
    hold.released_at = at
    release_kept_slot(hold=hold, at=at)
    hold.save_by(SYSTEM, at=at)


def sweep_kept_slots(*, at: datetime) -> int:
    """Release the kept slots whose minutes are over; a booking ignores them already. Returns how many there were."""
    over = SessionHold.objects.filter(released_at__isnull=True, expires_at__lte=at)
    ids = list(over.order_by("expires_at", "pk").values_list("pk", flat=True))
    each(ids, partial(_expire, at=at))
    return len(ids)
