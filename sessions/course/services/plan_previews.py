"""A plan tried out: what booking it would bring, row by row, and why it would be refused. Nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import ClinicError, Invalid
from kapclinic.practice.models import SessionKind, User
from kapclinic.practice.rules import BOOKERS
from programs import services as programs
from programs.models import Program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import SlotRow, staff_rows
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import Ask
from sessions.course.services import plans
from sessions.course.services.plans import PlanRow
from sessions.visits.selectors import warnings
from sessions.visits.selectors.consequences import BREAKS, WARNS, Course, Effect, EffectRow, Spot
from sessions.visits.selectors.remedies import Remedies
from sessions.visits.services.moves import Refusal, refusal_of

S = Session.Status
NO_TIME_MENDS = frozenset({"no_dose"})


class ShownRow(SlotRow):
    kind: str
    number: int | None
    effects: list[EffectRow]


class PlanPreview(TypedDict):
    """Each row as it was sent, with what booking it brings; and would all of them be booked?"""

    possible: bool
    refusal: Refusal | None
    sessions: list[ShownRow]


@dataclass(frozen=True)
class _Tried:
    """One row: the session that it makes, which is not in the book where `problem` stands in its way."""

    session: Session
    problem: ResourceConflict | Invalid | None = None
    of_plan: bool = False  # does the plan itself refuse it, before it is booked?

    def refusal(self, index: int) -> ClinicError | None:
        if self.problem is None or self.of_plan:
            return self.problem
        return plans.refusal_of(index, self.problem)


def preview_plan(*, program_id: UUID, rows: Sequence[PlanRow], by: User, at: datetime) -> PlanPreview:
    """What `plans.book_plan` would do with these rows: the same locks, the same checks, and then all is taken back.

    A row that could not be booked is judged all the same, and so are those that follow it.

    :raises NotPermitted: by a role that does not book
    """
    transitions.require_role(by, BOOKERS, what="Booking")
    told: list[list[EffectRow]] = [[] for _ in rows]
    tried: dict[int, _Tried] = {}
    problem: ClinicError | None = None
    try:
        with transaction.atomic():
            tried, held = _try_all(program_id, rows, by=by, at=at)
            told = _told(tried, held, by=by, at=at)
            transaction.set_rollback(True)
    except ClinicError as exc:
        problem = exc
    for index, one in tried.items():
        if problem is None and one.problem is not None:
            problem = one.refusal(index)
    return {
        "possible": problem is None,
        "refusal": None if problem is None else refusal_of(problem),
        "sessions": [_shown(row, tried.get(n), told[n]) for n, row in enumerate(rows)],
    }


def _shown(row: PlanRow, tried: _Tried | None, effects: list[EffectRow]) -> ShownRow:
    return {
        "kind": row["kind"],
        "number": row.get("number") or (tried.session.number if tried else None),
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "modality": row["modality"],
        "room": row.get("room"),
        "staff": list(row["staff"]),
        "effects": effects,
    }


def _try_all(
    program_id: UUID, rows: Sequence[PlanRow], *, by: User, at: datetime
) -> tuple[dict[int, _Tried], list[Session]]:
    """Each row by its place, in the order in which a plan is booked; and the slots that are held beside them."""
    program = programs.lock_program(program_id)
    programs.require_active(program)
    asks = [plans.ask_of(row) for row in rows]
    plans.lock_all(program, asks)
    tried: dict[int, _Tried] = {}
    doses: dict[int, Session] = {}
    booked: set[UUID] = set()
    for index in plans.doses_first(rows):
        covered = {one.session.for_dose_id for one in tried.values() if one.problem is None}
        tried[index] = one = _try(program, rows[index], asks[index], doses, booked, covered, by=by, at=at)
        booked |= set() if one.problem else {one.session.pk}
        if one.session.kind == SessionKind.DOSING:
            doses[rows[index].get("number") or one.session.number] = one.session
    named = [one.session for one in tried.values() if one.problem is None or one.session.for_dose_id]
    return tried, plans.hold_rest(program, named, by=by, at=at)


def _try(
    program: Program,
    row: PlanRow,
    ask: Ask,
    doses: dict[int, Session],
    booked: Set[UUID],
    covered: Set[UUID | None],
    *,
    by: User,
    at: datetime,
) -> _Tried:
    """What is refused is refused before anything is written, so the next row may be tried in the same transaction.

    `doses`: those of the plan by number; `booked`: the sessions that could be booked so far; `covered`: the doses that
    have their integration.
    """
    dose: Session | None = None
    problem: ResourceConflict | Invalid | None = None
    try:
        if ask.kind == SessionKind.INTEGRATION:
            dose = plans.dose_of(program, row, doses, covered)
    except Invalid as exc:
        problem, dose = exc, plans.dose_named(row, doses)
    of_plan = problem is not None
    stands = dose is not None and dose.pk in booked
    try:
        session = booking.book_session(
            program=program,
            ask=ask,
            by=by,
            at=at,
            for_dose=dose if stands else None,
            status=S.HELD if stands else S.SCHEDULED,
        )
    except (ResourceConflict, Invalid) as exc:
        session, problem = _unbooked(program, ask, row), problem or exc
    if dose is not None:
        session.for_dose = dose
    return _Tried(session, problem, of_plan)


def _unbooked(program: Program, ask: Ask, row: PlanRow) -> Session:
    """The session that the row asks for; nobody saves it."""
    return Session(
        program=program,
        client_id=program.client_id,
        location_id=program.location_id,
        room_id=ask.room,
        staff=staff_rows(ask.staff),
        kind=ask.kind,
        number=row.get("number") or 0,
        modality=ask.modality,
        starts_at=ask.starts_at,
        ends_at=ask.ends_at,
    )


# --- what it brings -------------------------------------------------------------------------------------------------


def _told(
    tried: dict[int, _Tried], held: Sequence[Session], *, by: User, at: datetime
) -> list[list[EffectRow]]:
    """The effects of each row, by its place. What two rows do to each other is said of the later one.

    Where a row itself is what breaks, its remedy has no session: the row has no id yet.
    """
    sessions = [one.session for one in tried.values()]
    unborn = {one.pk for one in [*sessions, *held]}
    course = Course(sessions[0].client_id).including(sessions)
    mended, remedies = course, Remedies(by, at)
    told: list[list[EffectRow]] = [[] for _ in tried]
    for index, one in sorted(tried.items(), key=lambda item: item[1].session.starts_at):
        session, remedy = one.session, None
        brought = course.effects(session)
        mine = [*_refused(one, unborn), *_between_rows(brought, one, course, unborn)]
        if mine and not {effect.code for effect in mine} & NO_TIME_MENDS:
            remedy = remedies.nearest(session, course=mended, stays=True)
        if remedy is not None:
            there = Spot(remedy["starts_at"], remedy["ends_at"], remedy["room"])
            mended, remedy = mended.moved({session.pk: there}), {**remedy, "session": None}
        others = [effect for effect in brought if effect.session not in unborn]
        told[index] += [effect.as_dict(remedy) for effect in mine]
        told[index] += remedies.told(
            [*others, *_worth_a_look(one)], course=mended, moved={session.pk: session}
        )
    return told


def _refused(one: _Tried, unborn: Set[UUID]) -> Iterator[Effect]:
    """Why the row could not be booked: each field that is wrong, or each session that has what it asks for."""
    problem = one.problem
    if problem is None:
        return
    of = one.session.pk
    found = [row["session"] for row in problem.extra.get("conflicts", [])]
    if found:
        for pk in dict.fromkeys(UUID(session) if session else None for session in found):
            yield Effect(problem.code, BREAKS, problem.detail, None if pk in unborn else pk, of)
    for error in problem.errors:
        yield Effect(error.code, BREAKS, error.detail, None, of)
    if not found and not problem.errors:
        yield Effect(problem.code, BREAKS, problem.detail, None, of)


def _between_rows(
    brought: Iterable[Effect], one: _Tried, course: Course, unborn: Set[UUID]
) -> Iterator[Effect]:
    """What this row does to earlier ones of the plan; outside its window it was refused for that already."""
    for effect in brought:
        pk = effect.session
        if pk is None or pk not in unborn or effect.severity != BREAKS:
            continue
        told = one.of_plan and effect.code == "integration_window"
        if course.starts(course.sessions[pk]) <= one.session.starts_at and not told:
            yield replace(effect, session=None)


def _worth_a_look(one: _Tried) -> Iterator[Effect]:
    """What the answer to the booking would warn of."""
    if one.problem is None:
        for code in warnings.of_dose(one.session):
            yield Effect(code, WARNS, warnings.WORDS[code], None, one.session.pk)
