"""Verbs of a course that need the facts of its sessions: advance, end dosing, discontinue, complete."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, merge
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Actor, SessionKind, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs import rules as program_rules
from programs import services as programs
from programs.models import Phase, Program
from programs.services import ProgramChange, ProgramOpening
from screening import selectors as screening
from sessions.booking import rules
from sessions.booking.models import Session
from sessions.booking.rules import MOVABLE
from sessions.dosing import selectors as dosing
from sessions.integration.models import Obligation
from sessions.integration.services import held_slots
from sessions.visits.services.endings import end
from sessions.visits.services.freed_slots import give_away
from sessions.visits.services.visits import advance, lock_session
from sessions.waitlist import services as waitlist
from sessions.waitlist.models import WaitlistEntry
from sessions.waitlist.rules import Freed

S = Session.Status
DOSING_OVER = "Dosing has ended."


class StillOwed(Conflict):
    code, title = "integration_owed", "An integration is still owed"


@transaction.atomic
def advance_cleared(*, program_id: UUID, at: datetime) -> None:
    """Let a cleared program go on to dosing when its preparation was done before the clearance; no warning stands."""
    program = programs.lock_program(program_id)
    if screening.current_clearance(program_id=program_id, at=at) is not None:
        _settle_warning(program_id, at=at)
        advance(program=program, by=SYSTEM, moment=at)


@transaction.atomic
def warn_not_cleared(*, program_id: UUID, at: datetime) -> None:
    """Put one row on the worklist when doses are booked for a client who is not cleared (any more).

    With a clearance, or without a booked dose, that row is settled.
    """
    program = programs.lock_program(program_id)
    booked = Session.objects.filter(program=program, kind=SessionKind.DOSING, status=S.SCHEDULED).order_by(
        "starts_at"
    )
    first = booked.first()
    if first is None or screening.current_clearance(program_id=program_id, at=at) is not None:
        _settle_warning(program_id, at=at)
        return
    trail.open_task(
        kind=Kind.DOSE_WITHOUT_CLEARANCE,
        location=program.location_id,
        client=program.client_id,
        subject_type="program",
        subject_id=program.pk,
        due_at=first.starts_at,
        by=SYSTEM,
        at=at,
    )


def _settle_warning(program_id: UUID, *, at: datetime) -> None:
    trail.settle_tasks(
        kind=Kind.DOSE_WITHOUT_CLEARANCE, subject_id=program_id, by=SYSTEM, at=at, outcome="no more so"
    )


def warn_all_not_cleared(*, at: datetime) -> int:
    """Do `warn_not_cleared` where the worklist and the facts differ: its message may have been lost; 4 queries.

    A row is missing for a program with a dose in the coming week and no clearance; it is one too many with a clearance,
    or without a booked dose.
    """
    booked = Session.objects.filter(kind=SessionKind.DOSING, status=S.SCHEDULED)
    week = booked.filter(starts_at__range=(at, at + timedelta(days=7)))
    coming = set(week.values_list("program_id", flat=True))
    rows = Task.objects.open().filter(kind=Kind.DOSE_WITHOUT_CLEARANCE)
    listed = set(rows.values_list("subject_id", flat=True))
    cleared = screening.current_clearances(program_ids=coming | listed, at=at).keys()
    still = set(booked.filter(program__in=listed).values_list("program_id", flat=True)) - cleared
    wrong = sorted((coming - listed - cleared) | (listed - still))
    each(wrong, lambda program_id: warn_not_cleared(program_id=program_id, at=at))
    return len(wrong)


def advance_all_cleared(*, at: datetime) -> int:
    """Do `advance_cleared` for every program whose preparation is done and whose clearance stands: 2 queries."""
    done = Session.objects.filter(
        program=OuterRef("pk"), kind=SessionKind.PREPARATION, status=Session.Status.COMPLETED
    )
    prepared = Program.objects.filter(status=Program.Status.ACTIVE, phase=Phase.PREPARATION).annotate(
        done=Coalesce(Subquery(done.order_by().values("program").annotate(n=Count("pk")).values("n")), 0)
    )
    ready = prepared.filter(done__gte=F("protocol__min_preparations")).values_list("pk", flat=True)
    cleared = sorted(screening.current_clearances(program_ids=list(ready), at=at))
    each(cleared, lambda program_id: advance_cleared(program_id=program_id, at=at))
    return len(cleared)


@transaction.atomic
def end_dosing(*, program_id: UUID, by: User, at: datetime) -> Program:
    """No further dose is planned: on to integration; future dosing sessions and their held slots are freed, and no wait
    for a dose goes on.

    :raises IllegalTransition: from another phase than dosing
    """
    program = programs.lock_program(program_id)
    transitions.apply(program_rules.PROGRAM_MOVES, "end_dosing", instance=program, by=by)
    if program.phase != Phase.DOSING:
        raise IllegalTransition(f"'end_dosing' is possible from the dosing phase. Now: {program.phase}.")
    for session in Session.objects.filter(program=program, kind=SessionKind.DOSING, status__in=MOVABLE):
        end(session_id=session.pk, move="cancel", reason=DOSING_OVER, by=by, at=at)
    waitlist.withdraw_doses(program_id=program_id, reason=DOSING_OVER, by=by, at=at)
    return programs.enter_phase(program=program, phase=Phase.INTEGRATION, by=by, at=at)


@transaction.atomic
def discontinue(*, program_id: UUID, reason: str, by: User, at: datetime) -> Program:
    """End a course early. Future sessions are freed, but an integration that a dose owes stays owed and booked."""
    program = programs.move_program(program_id=program_id, move="discontinue", reason=reason, by=by, at=at)
    free_future(program_id=program.pk, by=by, at=at)
    return program


def unowed(*, at: datetime) -> QuerySet[Session]:
    """Sessions in the book, whose time is not over, that settle no dose's integration."""
    booked = Q(fulfils__state=Obligation.State.BOOKED)
    held = Q(status=S.HELD, for_dose__obligation__state=Obligation.State.DUE)
    ahead: QuerySet[Session] = Session.objects.filter(status__in=MOVABLE, ends_at__gt=at)
    return ahead.exclude(booked | held)


@transaction.atomic
def free_future(*, program_id: UUID, by: Actor, at: datetime) -> int:
    """Cancel what a course that has ended has in the book from now on, but for integrations that are owed; it waits for
    no slot any more, and nobody calls about one.

    What was to be before stays: somebody still says whether it was.
    """
    booked = unowed(at=at).filter(program_id=program_id).order_by("starts_at")
    ids = list(booked.values_list("pk", flat=True))
    for session_id in ids:
        session = lock_session(session_id)
        if session.status in MOVABLE:  # a dose that was cancelled just now has freed its held slot itself
            actor = by if by.role_set & rules.SESSION_MOVES["cancel"].roles else SYSTEM
            end(session_id=session_id, move="cancel", reason="The program has ended.", by=actor, at=at)
    if WaitlistEntry.objects.waiting().filter(program=program_id).exists():
        owes = Obligation.objects.open().filter(program=program_id).exists()
        waitlist.withdraw_of_ended(program_id=program_id, owes=owes, by=by, at=at)
    return len(ids)


def free_all_ended(*, at: datetime) -> int:
    """Do `free_future` for every course that is over: the message of its end may have been lost, and what stood in the
    book as over may stand again since.
    """
    over = [Program.Status.DISCONTINUED, Program.Status.COMPLETED]
    rows = unowed(at=at).filter(program__status__in=over).order_by("program_id")
    ids = list(rows.values_list("program_id", flat=True).distinct())
    return each(ids, lambda program_id: free_future(program_id=program_id, by=SYSTEM, at=at))


@transaction.atomic
def complete_program(*, program_id: UUID, by: User, at: datetime) -> Program:
    """End a course as planned; what it still has in the book is freed.

    :raises StillOwed: while an integration is due or booked: hold it, or waive it
    """
    program = programs.lock_program(program_id)
    open_states = [Obligation.State.DUE, Obligation.State.BOOKED]
    if Obligation.objects.filter(program=program, state__in=open_states).exists():
        raise StillOwed("Complete or waive the integration that is owed.")
    program = programs.complete_leaving_bookings(program_id=program_id, by=by, at=at)
    free_future(program_id=program_id, by=by, at=at)
    return program


def change_program(*, program: Program, values: ProgramChange, by: User, at: datetime) -> Program:
    """As `programs.services.change_program`; the number of doses and their spacing also look at what was given, and the
    slots that are held for integration are held with a new therapist, and as the client comes. The caller has locked
    the program.

    :raises Invalid: for a plan that the doses have overtaken: end dosing instead
    """
    if program_rules.OWN_PLAN & values.keys():
        merge(_overtaken(program, values))
    was = program.therapist_id
    changed = programs.change_program(program=program, values=values, by=by, at=at)
    freed: list[Session] = []
    if changed.therapist_id != was:
        freed = held_slots.follow_therapist(program=changed, was=was, by=by, at=at)
    elif "accepted_modalities" in values:
        freed = held_slots.follow_modalities(program=changed, at=at)
    give_away(freed=[Freed.of(session) for session in freed], by=by, at=at)
    return changed


def _overtaken(program: Program, values: ProgramChange) -> list[FieldError]:
    changed = sorted(name for name in program_rules.OWN_PLAN if values.get(name) != getattr(program, name))
    changed = [name for name in changed if name in values]
    if changed and program.phase not in program_rules.DOSES_TO_COME:
        return [FieldError(f"/{changed[0]}", "too_late", "No further dose of this course is planned.")]
    planned, given = values.get("planned_doses"), dosing.doses_given([program.pk]).get(program.pk, 0)
    if "planned_doses" in changed and planned is not None and planned <= given:
        return [FieldError("/planned_doses", "doses_given", f"{given} were given: end dosing instead.")]
    return []


@transaction.atomic
def open_program(*, values: ProgramOpening, by: User, at: datetime) -> Program:
    """Open a client's course; the one that it continues is completed first, also with an integration that it owes.

    That debt stays booked or due, and holds the doses of the new course. All else that the old one has in the book is
    freed.

    :raises Invalid: / ProtocolNotApproved: / SecondProgram: as in `programs.services.open_program`
    :raises IllegalTransition: when the course that it continues is over already
    """
    earlier = values.get("continues")
    if earlier is not None:
        programs.continue_leaving_bookings(program_id=earlier, client_id=values["client"], by=by, at=at)
        free_future(program_id=earlier, by=by, at=at)
    return programs.open_program(values=values, by=by, at=at)
