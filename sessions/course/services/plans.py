"""The verb of a plan: book every session of a proposal, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import FieldError, Invalid
from kapclinic.core.wording import once
from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.rules import BOOKERS
from kapclinic.practice.selectors import person_ids
from programs import services as programs
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import StaffRow
from sessions.booking.services.allocations import ResourceConflict, lock_resources
from sessions.booking.services.bookings import Ask
from sessions.integration.services import held_slots
from sessions.waitlist import services as waitlist

S = Session.Status


class PlanRow(TypedDict):
    """One session of a plan, as it was proposed or changed."""

    kind: str
    number: NotRequired[int | None]
    starts_at: datetime
    ends_at: datetime
    modality: str
    room: NotRequired[UUID | None]
    staff: Sequence[StaffRow]


class PlanConflict(ResourceConflict):
    """Part of the plan can't be booked; nothing of it was. `row` is the first that can't, counted from 0."""

    title = "The plan no longer fits"
    row = 0


@transaction.atomic
def book_plan(*, program_id: UUID, rows: Sequence[PlanRow], by: User, at: datetime) -> list[Session]:
    """Book every session of a proposal, or none. Each integration is held for the dose of its number.

    A dose without one in the proposal gets its slot as any booked dose does, beside all that was asked for.

    The locks of all that the plan holds are taken at once, in the order of every booking: two plans for the same
    slots wait for each other, and one of them hears what is taken.

    :raises Invalid: for an integration whose dose is neither in the plan nor booked, or outside its window
    :raises PlanConflict: naming what is taken
    """
    transitions.require_role(by, BOOKERS, what="Booking")
    program = programs.lock_program(program_id)
    programs.require_active(program)
    asks = [ask_of(row) for row in rows]
    lock_all(program, asks)
    made: list[Session] = []
    doses: dict[int, Session] = {}
    for index in doses_first(rows):
        row, ask = rows[index], asks[index]
        covered = {one.for_dose_id for one in made}
        dose = dose_of(program, row, doses, covered) if ask.kind == SessionKind.INTEGRATION else None
        session = _book(program, ask, dose=dose, index=index, by=by, at=at)
        if session.kind == SessionKind.DOSING:
            doses[row.get("number") or session.number] = session
        made.append(session)
    made += hold_rest(program, made, by=by, at=at)
    for session in made:
        if session.status != S.HELD:  # a slot that is held fills nobody's wait before it is confirmed
            waitlist.note_booking(session=session, by=by, at=at)
    return sorted(made, key=lambda session: session.starts_at)


def lock_all(program: Program, asks: Sequence[Ask]) -> None:
    """All that these ask for, and that slots held for their doses may take, in the order of every booking."""
    integrated = held_slots.held_slot_resources(program)
    lock_resources(
        [*person_ids(program.client_id), *integrated, *(pk for ask in asks for pk in ask.resources)]
    )


def hold_rest(program: Program, made: Sequence[Session], *, by: User, at: datetime) -> list[Session]:
    """Hold a slot for each dose whose integration the plan does not name; where none is free, the dose goes without."""
    covered = {session.for_dose_id for session in made}
    bare = [dose for dose in made if dose.kind == SessionKind.DOSING and dose.pk not in covered]
    found = [held_slots.hold_slot(dose=dose, program=program, by=by, at=at) for dose in bare]
    return [session for session in found if session is not None]


def ask_of(row: PlanRow) -> Ask:
    return Ask(row["kind"], row["modality"], row["starts_at"], row["ends_at"], row.get("room"), row["staff"])


def doses_first(rows: Sequence[PlanRow]) -> list[int]:
    return sorted(
        range(len(rows)), key=lambda i: (rows[i]["kind"] == SessionKind.INTEGRATION, rows[i]["starts_at"])
    )


def dose_named(row: PlanRow, doses: Mapping[int, Session]) -> Session | None:
    """The dose of an integration's number, else the last one before it."""
    before = [dose for dose in doses.values() if dose.starts_at < row["starts_at"]]
    return doses.get(row.get("number") or 0) or max(before, key=lambda found: found.starts_at, default=None)


def dose_of(
    program: Program, row: PlanRow, doses: Mapping[int, Session], covered: Collection[UUID | None]
) -> Session:
    """The dose of the plan that an integration is for; those in `covered` have theirs.

    :raises Invalid: when there is none, the integration lies outside its window, or is a second one
    """
    dose = dose_named(row, doses)
    if dose is None:
        raise Invalid.field(
            "sessions", "An integration of a plan follows a dose of the plan.", code="no_dose"
        )
    window = program.protocol.integration
    start = dose.ends_at + timedelta(hours=window["from_hours"])
    end = dose.starts_at + timedelta(hours=window["to_hours"])
    if not start <= row["starts_at"] < end:
        raise Invalid.field(
            "sessions", f"Integration {dose.number} lies outside its window.", code="outside_window"
        )
    if dose.pk in covered:
        raise Invalid.field("sessions", f"Dose {dose.number} has its integration.", code="repeated")
    return dose


def _book(program: Program, ask: Ask, *, dose: Session | None, index: int, by: User, at: datetime) -> Session:
    try:
        return booking.book_session(
            program=program,
            ask=ask,
            by=by,
            at=at,
            for_dose=dose,
            status=S.SCHEDULED if dose is None else S.HELD,
            source=Session.Source.STAFF if dose is None else Session.Source.SCHEDULER,
        )
    except (ResourceConflict, Invalid) as exc:
        raise refusal_of(index, exc) from exc


def refusal_of(index: int, exc: ResourceConflict | Invalid) -> PlanConflict | Invalid:
    """The refusal of a plan for what refuses one row of it: it says which."""
    if isinstance(exc, ResourceConflict):
        detail = f"Session {index + 1} of the plan: {exc.detail}"
        error = FieldError(f"/sessions/{index}", exc.code, detail)
        conflict = PlanConflict(detail, errors=[error], **exc.extra)
        conflict.row = index
        return conflict
    errors = [FieldError(f"/sessions/{index}{e.pointer}", e.code, e.detail) for e in exc.errors]
    return Invalid(once(error.detail for error in errors), errors=errors)
