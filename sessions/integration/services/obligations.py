"""Verbs of integration: hold, owe, book, carry up, settle. Each is idempotent under repeated and concurrent runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import doorbell, transitions
from kapclinic.core.errors import Invalid, NotOwed
from kapclinic.practice.models import SYSTEM, Actor, Role, User
from kapclinic.practice.selectors import staff_with_role
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from kapclinic.trail.models import Task
from programs.models import Program
from programs.rules import earliest_integration
from programs.services import lock_program
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import SESSION_MOVES, Slot, StaffRow
from sessions.booking.services.allocations import ResourceConflict
from sessions.booking.services.bookings import Ask
from sessions.integration import rules, selectors
from sessions.integration.models import Obligation
from sessions.waitlist import services as waitlist

TASK = "sessions.schedule_integration"
RACES = 5
BOOKED = (Kind.INTEGRATION_UNBOOKED, Kind.INTEGRATION_MISSED)  # what a booking takes off the worklist


class NoIntegrationOwed(NotOwed):
    title = "No integration is owed here"


def ask_for(slot: Slot) -> Ask:
    """The booking of a free slot as it was found."""
    staff: list[StaffRow] = [{"user": user, "role": role} for user, role in slot.staff]
    return Ask("integration", slot.modality, slot.starts_at, slot.ends_at, slot.room, staff)


def free_held_slot(*, dose: Session, by: Actor, at: datetime) -> None:
    """Free the slot that was held for a dose that moved, was not given, or needs it no more.

    Also takes the row off the worklist that said that no slot was found for this dose.
    """
    for held in Session.objects.select_for_update().filter(for_dose=dose, status=Session.Status.HELD):
        booking.end_booking(session=held, move="cancel", reason=rules.HOLD_FREED, by=by, at=at)
    trail.settle_tasks(kind=Kind.INTEGRATION_NO_SLOT, subject_id=dose.pk, by=by, at=at, outcome="not needed")


def settle_tasks(obligation: Obligation, *, by: Actor, at: datetime, outcome: str) -> None:
    """Take all that is on the worklist about this obligation off it."""
    for kind in (
        *BOOKED,
        Kind.INTEGRATION_UNRECORDED,
        Kind.INTEGRATION_CONFIRM,
        Kind.INTEGRATION_LATE,
        Kind.INTEGRATION_EARLY,
    ):
        trail.settle_tasks(kind=kind, subject_id=obligation.pk, by=by, at=at, outcome=outcome)


def link_booking(*, obligation: Obligation, session: Session, by: Actor, at: datetime) -> Obligation:
    """Let `session` fulfil `obligation`; the caller has locked both.

    :raises Invalid: when the session starts before the window
    :raises IllegalTransition: when the obligation is booked already, or over
    """
    if session.starts_at < obligation.window_start:
        raise Invalid.field("starts_at", "This integration starts before its window.", code="before_window")
    transitions.apply(rules.OBLIGATION_MOVES, "book", instance=obligation, by=by, field="state")
    rows = Task.objects.open().filter(kind__in=[*BOOKED, Kind.INTEGRATION_CONFIRM], subject_id=obligation.pk)
    listed = sorted(rows.values_list("kind", flat=True))
    obligation.integration_session = session
    obligation.save_by(by, at=at)
    for kind in (kind for kind in listed if kind in BOOKED):
        trail.settle_tasks(kind=kind, subject_id=obligation.pk, by=by, at=at, outcome="booked")
    tell_if_late(obligation=obligation, session=session, by=by, at=at)
    asks = session.status == Session.Status.SCHEDULED and session.client_confirmed_at is None
    if asks and session.source == Session.Source.SCHEDULER:
        known, start = Kind.INTEGRATION_CONFIRM in listed, session.starts_at
        _open_task(obligation, kind=Kind.INTEGRATION_CONFIRM, due_at=start, looked=not known, at=at)
    return obligation


def tell_if_late(*, obligation: Obligation, session: Session, by: Actor, at: datetime) -> None:
    """Put an integration that is booked after its window on the worklist of therapist and director (R4)."""
    if session.starts_at < obligation.window_end:
        return
    roles = (Role.THERAPIST, Role.MEDICAL_DIRECTOR)
    obligation.escalations = [*obligation.escalations, rules.escalation("late_booking", roles=roles, at=at)]
    obligation.save_by(by, at=at)
    _open_task(obligation, kind=Kind.INTEGRATION_LATE, due_at=session.starts_at, at=at)


def _open_task(owed: Obligation, *, kind: Kind, due_at: datetime, at: datetime, looked: bool = False) -> Task:
    return trail.open_task(
        kind=kind,
        location=owed.program.location_id,
        client=owed.client_id,
        assignee=owed.therapist_id if Role.THERAPIST in kind.roles else None,
        subject_type="obligation",
        subject_id=owed.pk,
        due_at=due_at,
        by=SYSTEM,
        at=at,
        looked=looked,
    )


def lock_owed(obligation_id: UUID) -> tuple[Program, Obligation] | None:
    """The program first, then its obligation: the order of every writer."""
    program_id = Obligation.objects.filter(pk=obligation_id).values_list("program_id", flat=True).first()
    if program_id is None:
        return None
    program = lock_program(program_id)
    obligation = (
        Obligation.objects.select_for_update(of=("self",))
        .select_related("dosing_session")
        .get(pk=obligation_id)
    )
    obligation.program = program
    return program, obligation


@transaction.atomic
def schedule_obligation(*, obligation_id: UUID, at: datetime) -> Obligation | None:
    """Book what is owed: confirm the held slot when it lies inside the window, else the best free one, else tell.

    Does nothing for an obligation that is not due. None when there is no such obligation.
    """
    locked = lock_owed(obligation_id)
    if locked is None:
        return None
    program, obligation = locked
    if obligation.state != Obligation.State.DUE:
        return obligation
    if at < obligation.window_end and (
        _confirm_held(obligation, at=at) or _book_best(obligation, program, at=at)
    ):
        assert obligation.integration_session is not None
        waitlist.note_booking(session=obligation.integration_session, by=SYSTEM, at=at)
        return obligation
    carry_up(obligation, at=at)
    return obligation


def _confirm_held(obligation: Obligation, *, at: datetime) -> bool:
    dose = obligation.dosing_session
    rows = Session.objects.select_for_update().filter(for_dose=dose, status=Session.Status.HELD)
    standing = list(rows.order_by("starts_at"))
    start, end = max(at, obligation.window_start), obligation.window_end
    held = next((row for row in standing if rules.inside(row.starts_at, start=start, end=end)), None)
    if held is not None:
        transitions.apply(SESSION_MOVES, "confirm", instance=held, by=SYSTEM)
        held.source = Session.Source.SCHEDULER
        held.save_by(SYSTEM, at=at)
        link_booking(obligation=obligation, session=held, by=SYSTEM, at=at)
    if standing not in ([], [held]):  # what is too early, past or one too many
        free_held_slot(dose=dose, by=SYSTEM, at=at)
    return held is not None


def _book_best(obligation: Obligation, program: Program, *, at: datetime) -> bool:
    slots = selectors.candidates(
        program=program,
        dose=obligation.dosing_session,
        start=obligation.window_start,
        end=obligation.window_end,
        at=at,
    )
    return book_first(obligation, program, slots, at=at) is not None


def book_first(
    obligation: Obligation, program: Program, slots: Sequence[Slot], *, at: datetime
) -> Session | None:
    """Book the first of `slots` that is still free, of a few; None when all of these are taken by now.

    The caller has locked program and obligation.
    """
    for slot in slots[:RACES]:
        try:
            with transaction.atomic():  # lets the locks of a slot go that is taken
                session = booking.book_session(
                    program=program,
                    ask=ask_for(slot),
                    by=SYSTEM,
                    at=at,
                    source=Session.Source.SCHEDULER,
                    for_dose=obligation.dosing_session,
                )
        except ResourceConflict:
            continue
        link_booking(obligation=obligation, session=session, by=SYSTEM, at=at)
        return session
    return None


def carry_up(obligation: Obligation, *, at: datetime) -> None:
    """Carry the obligation up to the roles whose step has come; at the window's end it is missed.

    While it is due there is a row on the worklist, also after one was ticked off or a booking fell through.
    """
    reached = rules.steps_reached(dosed_at=obligation.dosed_at, at=at)
    if reached:
        task = _open_task(obligation, kind=Kind.INTEGRATION_UNBOOKED, due_at=obligation.window_end, at=at)
        for step in reached:
            if not set(step.roles) <= set(task.roles):
                task = trail.escalate_task(task=task, roles=step.roles, by=SYSTEM, at=at)
    steps = rules.steps_due(dosed_at=obligation.dosed_at, taken=obligation.escalations, at=at)
    for step in steps:
        row = rules.escalation(step.name, roles=step.roles, at=at)
        obligation.escalations = [*obligation.escalations, row]
        _notify(obligation, step=step.name, roles=step.roles, at=at)
    if steps:
        obligation.save_by(SYSTEM, at=at)
    if at >= obligation.window_end:
        transitions.apply(rules.OBLIGATION_MOVES, "miss", instance=obligation, by=SYSTEM, field="state")
        obligation.save_by(SYSTEM, at=at)
        trail.settle_tasks(
            kind=Kind.INTEGRATION_UNBOOKED, subject_id=obligation.pk, by=SYSTEM, at=at, outcome="missed"
        )
        _open_task(obligation, kind=Kind.INTEGRATION_MISSED, due_at=at, at=at)


def _notify(obligation: Obligation, *, step: str, roles: tuple[str, ...], at: datetime) -> None:
    for role in roles:
        for user in staff_with_role(role=role, location=obligation.program.location_id):
            trail.queue_message(
                key=f"{Kind.INTEGRATION_UNBOOKED}:{obligation.pk}:{step}:{user.pk}",
                template="worklist",
                recipient=user.pk,
                subject_id=obligation.pk,
                at=at,
            )


@transaction.atomic
def reopen(*, session: Session, by: Actor, at: datetime) -> Obligation | None:
    """The booked integration was cancelled or missed: it is owed again, in what is left of its window.

    The caller has locked the program.
    """
    found = Obligation.objects.select_for_update().filter(
        integration_session=session, state=Obligation.State.BOOKED
    )
    obligation: Obligation | None = found.first()
    if obligation is None:
        return None
    transitions.apply(rules.OBLIGATION_MOVES, "reopen", instance=obligation, by=by, field="state")
    obligation.integration_session = None
    obligation.save_by(by, at=at)
    for kind in (Kind.INTEGRATION_CONFIRM, Kind.INTEGRATION_UNRECORDED):
        trail.settle_tasks(kind=kind, subject_id=obligation.pk, by=by, at=at, outcome="cancelled")
    doorbell.ring(TASK, obligation_id=obligation.pk)
    return obligation


def settle(*, session: Session, by: Actor, at: datetime) -> Obligation | None:
    """The integration session took place: its obligation is met, late when it began after the window.

    What counts is when it began, never when it was booked for. One that began too early to meet it was still held: it
    stays completed, its obligation is due again, and the therapist is told.
    """
    found = Obligation.objects.select_for_update(of=("self",)).select_related("program__protocol")
    obligation: Obligation | None = found.filter(
        integration_session=session, state=Obligation.State.BOOKED
    ).first()
    if obligation is None:
        return None
    began = session.started_at or session.checked_in_at
    earliest = earliest_integration(obligation.program.protocol, window_start=obligation.window_start)
    if began is None or began < earliest:
        return _too_early(obligation, session, by=by, at=at)
    move = "meet" if began < obligation.window_end else "meet_late"
    transitions.apply(rules.OBLIGATION_MOVES, move, instance=obligation, by=by, field="state")
    obligation.save_by(by, at=at)
    settle_tasks(obligation, by=by, at=at, outcome=obligation.state)
    return obligation


def _too_early(obligation: Obligation, session: Session, *, by: Actor, at: datetime) -> Obligation | None:
    trail.settle_tasks(
        kind=Kind.INTEGRATION_UNRECORDED, subject_id=obligation.pk, by=by, at=at, outcome="too early"
    )
    due = reopen(session=session, by=by, at=at)
    _open_task(obligation, kind=Kind.INTEGRATION_EARLY, due_at=obligation.window_end, at=at)
    return due


@transaction.atomic
def waive_leaving_slot(*, obligation_id: UUID, reason: str, by: User, at: datetime) -> Obligation:
    """Do without the integration of one dose, with a reason; a session that is booked for it stays.

    Half a verb: a slot that was held is left unused. `visits.services.waive` is the whole.

    :raises NotPermitted: unless `by` is a therapist or prescriber
    :raises IllegalTransition: when it is met or over
    """
    if (locked := lock_owed(obligation_id)) is None:
        raise NoIntegrationOwed
    _, obligation = locked
    transitions.apply(rules.OBLIGATION_MOVES, "waive", instance=obligation, by=by, field="state")
    obligation.reason = reason
    obligation.save_by(by, at=at)
    free_held_slot(dose=obligation.dosing_session, by=by, at=at)
    settle_tasks(obligation, by=by, at=at, outcome="waived")
    return obligation


@transaction.atomic
def remind_unrecorded(*, obligation_id: UUID, at: datetime) -> None:
    """A booked integration is a day past and neither completed nor missed: somebody must say which."""
    locked = lock_owed(obligation_id)
    if locked is not None and locked[1].state == Obligation.State.BOOKED:
        _open_task(locked[1], kind=Kind.INTEGRATION_UNRECORDED, due_at=at, at=at)
