"""Verbs of the day: each composes the rooms in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, FieldError, IllegalTransition, Invalid, merge
from kapclinic.core.rows import each
from kapclinic.practice.models import SYSTEM, Role, SessionKind
from kapclinic.practice.rules import BOOKERS, CLINICIANS
from kapclinic.trail import services as trail
from programs import rules as program_rules
from programs import services as programs
from programs.models import Phase, Program
from screening import selectors as screening
from sessions.booking import rules
from sessions.booking import services as booking
from sessions.booking.models import Session, SessionHold, Stage
from sessions.booking.services import Ask
from sessions.day import openings
from sessions.day.rules import dose_stands_on, stage_fits
from sessions.dosing import selectors as dosing
from sessions.dosing.models import Discharge
from sessions.integration import holding
from sessions.integration import rules as integration_rules
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.waitlist import services as waitlist

S = Session.Status
FUTURE = (S.HELD, S.SCHEDULED)


class StillOwed(Conflict):
    code, title = "integration_owed", "An integration is still owed"


class NotDischarged(IllegalTransition):
    title = "The client was not discharged"


def lock_session(session_id: UUID) -> Session:
    """The program's row, then the session's: the order of every writer."""
    programs.lock_program(Session.objects.values_list("program_id", flat=True).get(pk=session_id))
    found = Session.objects.select_for_update(of=("self",)).select_related(
        "program__protocol", "location", "room"
    )
    session: Session = found.get(pk=session_id)
    return session


def _program(program_id: UUID, by: Any) -> Program:
    visible = Program.objects.visible_to(by).filter(pk=program_id).exists()
    if not visible:
        raise Invalid.field("program", "There is no such program for you.", code="not_found")
    return programs.lock_program(program_id)


@transaction.atomic
def book(
    *,
    program_id: UUID,
    ask: Ask,
    obligation_id: UUID | None,
    by: Any,
    at: datetime,
    hold_id: UUID | None = None,
) -> Session:
    """Book a session. A dose also holds an integration slot; an integration settles what is owed for its dose.

    :raises Invalid: / OutsideHours / ResourceConflict: as in `booking.services.book_session`
    :raises ProgramNotActive: when the course is on hold or over
    """
    transitions.require_role(by, BOOKERS, what="Booking")
    program = _program(program_id, by)
    if ask.kind != SessionKind.INTEGRATION:
        programs.require_active(program)
    if hold_id is not None:
        _take_hold(hold_id, program, by=by, at=at)
    obligation = _owed(program, ask, obligation_id)
    dose = obligation.dosing_session if obligation else None
    if dose is not None:
        integration.free_hold(dose=dose, by=by, at=at)  # first, so that the held slot itself may be booked
    if ask.kind == SessionKind.DOSING:
        holding.lock_dose(program=program, resources=ask.resources)
    session = booking.book_session(program=program, ask=ask, by=by, at=at, for_dose=dose)
    if obligation is not None:
        integration.link_booking(obligation=obligation, session=session, by=by, at=at)
    if session.kind == SessionKind.DOSING:
        holding.hold_slot(dose=session, program=program, by=by, at=at)
    waitlist.note_booking(session=session, by=by, at=at)
    return session


def _take_hold(hold_id: UUID, program: Program, *, by: Any, at: datetime) -> None:
    if not SessionHold.objects.filter(pk=hold_id, program=program).exists():
        raise Invalid.field("hold", "This program has no such hold.", code="not_found")
    booking.end_hold(hold_id=hold_id, by=by, at=at)


@transaction.atomic
def keep(*, program_id: UUID, ask: Ask, by: Any, at: datetime) -> SessionHold:
    """Hold a slot while the dialog is open.

    :raises Invalid: / OutsideHours / ResourceConflict: as for a booking
    """
    transitions.require_role(by, BOOKERS, what="Holding a slot")
    return booking.keep_slot(program=_program(program_id, by), ask=ask, by=by, at=at)


def _owed(program: Program, ask: Ask, obligation_id: UUID | None) -> Obligation | None:
    """The obligation that this booking is for: the one named, or the only one that is due."""
    open_ones = Obligation.objects.select_for_update(of=("self",)).select_related("dosing_session")
    if obligation_id is not None:
        if ask.kind != SessionKind.INTEGRATION:
            raise Invalid.field("obligation", "Only an integration session settles an obligation.")
        obligation: Obligation | None = open_ones.filter(pk=obligation_id, program=program).first()
        if obligation is None:
            raise Invalid.field("obligation", "This program has no such obligation.", code="not_found")
        return obligation
    if ask.kind != SessionKind.INTEGRATION:
        return None
    due = list(
        open_ones.filter(program=program, state=Obligation.State.DUE, window_start__lte=ask.starts_at)[:2]
    )
    return due[0] if len(due) == 1 else None


@transaction.atomic
def check_in(*, session_id: UUID, by: Any, moment: datetime, at: datetime) -> Session:
    """Note that the client has come. Never refused for want of clearance; readiness tells what is missing."""
    session = lock_session(session_id)
    transitions.apply(rules.SESSION_MOVES, "check_in", instance=session, by=by)
    merge(rules.moment_errors(moment=moment, at=at, after=at - rules.LATE_ENTRY))
    session.checked_in_at = moment
    return session.save_by(by, at=at)


@transaction.atomic
def start(*, session_id: UUID, by: Any, moment: datetime, at: datetime) -> Session:
    """Note that the session has begun."""
    session = lock_session(session_id)
    transitions.apply(rules.SESSION_MOVES, "start", instance=session, by=by)
    merge(rules.moment_errors(moment=moment, at=at, after=session.checked_in_at))
    session.started_at = moment
    return session.save_by(by, at=at)


@transaction.atomic
def complete(*, session_id: UUID, by: Any, moment: datetime, at: datetime) -> Session:
    """Note that the session took place: preparation may open dosing, an integration settles its obligation.

    :raises NotDischarged: for a dosing session before the client's discharge
    :raises IllegalTransition: from another state, or for a dosing session without a dose (use not-dosed)
    """
    session = lock_session(session_id)
    transitions.apply(rules.SESSION_MOVES, "complete", instance=session, by=by)
    merge(rules.moment_errors(moment=moment, at=at, after=session.started_at or session.checked_in_at))
    if session.kind == SessionKind.DOSING:
        _require_discharged(session)
    session.completed_at = moment
    session.save_by(by, at=at)
    if session.kind == SessionKind.PREPARATION:
        advance(program=session.program, by=by, moment=moment, at=at)
    if session.kind == SessionKind.INTEGRATION:
        integration.settle(session=session, by=by, at=at)
    return session


def _require_discharged(session: Session) -> None:
    if session.outcome != Session.Outcome.DOSED:
        raise IllegalTransition("No dose was given: end the visit by not-dosed.", state=session.status)
    if not Discharge.objects.filter(session=session).exists():
        raise NotDischarged("Discharge the client first.", state=session.status)


def advance(*, program: Program, by: Any, moment: datetime, at: datetime) -> Program:
    """Let a cleared program go on to dosing once the protocol's preparation is done. The program is locked.

    :raises nothing: a program that is not that far stays where it is
    """
    done = dosing.preparations_done([program.pk]).get(program.pk, 0)
    if program.phase != Phase.PREPARATION or program.status != Program.Status.ACTIVE:
        return program
    if done < program.protocol.min_preparations:
        return program
    return programs.enter_phase(program=program, phase=Phase.DOSING, by=by, at=moment)


@transaction.atomic
def advance_cleared(*, program_id: UUID, at: datetime) -> None:
    """After a clearance: preparation that was done before it counts."""
    program = programs.lock_program(program_id)
    if screening.current_clearance(program_id=program_id, at=at) is not None:
        advance(program=program, by=SYSTEM, moment=at, at=at)


@transaction.atomic
def warn_not_cleared(*, program_id: UUID, at: datetime) -> None:
    """Doses stand in the book for a client who is not cleared (any more): one row on the worklist says so."""
    program = programs.lock_program(program_id)
    booked = Session.objects.filter(program=program, kind=SessionKind.DOSING, status=S.SCHEDULED).order_by(
        "starts_at"
    )
    first = booked.first()
    if first is None or screening.current_clearance(program_id=program_id, at=at) is not None:
        return
    trail.open_task(
        kind="dose_without_clearance",
        roles=(Role.FRONT_DESK, Role.PRESCRIBER),
        location=program.location_id,
        client=program.client_id,
        subject_type="program",
        subject_id=program.pk,
        due_at=first.starts_at,
        by=SYSTEM,
        at=at,
    )


def warn_all_not_cleared(*, at: datetime) -> int:
    """The same for every program with a dose in the coming week, when the message was lost."""
    week = at + timedelta(days=7)
    booked = Session.objects.filter(kind=SessionKind.DOSING, status=S.SCHEDULED, starts_at__range=(at, week))
    ids = list(booked.order_by("program_id").values_list("program_id", flat=True).distinct())
    each(ids, lambda program_id: warn_not_cleared(program_id=program_id, at=at))
    return len(ids)


@transaction.atomic
def end(
    *,
    session_id: UUID,
    move: str,
    reason: str,
    by: Any,
    at: datetime,
    offer: bool = True,
    moment: datetime | None = None,
) -> Session:
    """Cancel a session or note a no-show: frees what it held; a dose frees its hold, an integration is owed again.

    What is free then is offered to those who wait, unless the caller does so later.

    :raises IllegalTransition: once a dose was given, or the session is over
    """
    session = lock_session(session_id)
    if session.outcome == Session.Outcome.DOSED:
        raise IllegalTransition("A dose was given: this session can't be cancelled.", state=session.status)
    merge(rules.moment_errors(moment=moment or at, at=at, after=at - rules.LATE_ENTRY))
    freed = openings.freed_by(session)
    booking.end_booking(session=session, move=move, reason=reason, by=by, at=at, moment=moment)
    if session.kind == SessionKind.DOSING:
        integration.free_hold(dose=session, by=by, at=at)
    if session.kind == SessionKind.INTEGRATION:
        integration.reopen(session=session, by=by, at=at)
    waitlist.settle_confirmation(session=session, outcome=session.status, by=by, at=at)
    if offer:
        openings.give_away(freed=freed, by=by, at=at)
    return session


def change(*, session: Session, values: Mapping[str, Any], by: Any, at: datetime) -> Session:
    """Note the escort, the client's place, fasting, weight, attestations or the client's confirmation.

    Attestations are laid over those that stand; each that is sent keeps who said so and when.

    :raises IllegalTransition: once the session is over
    :raises Invalid: for an implausible weight or a time in the future
    :raises IllegalTransition: for what a dose was given on, once it stands: the escort may still change
    :raises NotPermitted: for attestations by somebody who is no clinician, or another weight than the one that is
        noted: they could not read it (R13)
    """
    if "weight_kg" in values and session.weight_kg is not None:
        transitions.require_role(by, CLINICIANS, what="Changing a weight")
    if session.status in {S.COMPLETED, S.CANCELLED, S.NO_SHOW}:
        raise IllegalTransition("The session is over.", state=session.status)
    if dose_stands_on(session, values):
        raise IllegalTransition("A dose was given on this: it stays as it was.", state="dosed")
    merge(_change_errors(session, values, at=at))
    for name, value in values.items():
        setattr(session, name, _attested(session, value, by=by, at=at) if name == "attestations" else value)
    if values.get("weight_kg") is not None:
        session.weighed_at = min(at, session.ends_at)
    session.save_by(by, at=at)
    if values.get("client_confirmed_at") is not None:
        for obligation in Obligation.objects.filter(integration_session=session):
            kind = integration_rules.CONFIRM
            trail.settle_tasks(kind=kind, subject_id=obligation.pk, by=by, at=at, outcome="confirmed")
        waitlist.settle_confirmation(session=session, outcome="confirmed", by=by, at=at)
    return session


@transaction.atomic
def note_stage(*, session_id: UUID, stage: str, moment: datetime, by: Any, at: datetime) -> Stage:
    """Say where the client is during the visit.

    :raises IllegalTransition: while the client is not here: before check-in, or once the session is over
    :raises Invalid: for a time in the future
    """
    session = lock_session(session_id)
    if not stage_fits(session, stage=stage, moment=moment):
        raise IllegalTransition(f"'{stage}' needs the client to be here.", state=session.status)
    return booking.note_stage(session=session, stage=stage, moment=moment, by=by, at=at)


def _attested(session: Session, said: Mapping[str, bool], *, by: Any, at: datetime) -> dict[str, bool]:
    """All attestations after `said`; notes whose word each one is, also one that says the same again today."""
    transitions.require_role(by, CLINICIANS, what="Attesting")
    word = {"by": str(by.pk), "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    session.attested = session.attested | dict.fromkeys(sorted(said), word)
    standing: dict[str, bool] = session.attestations
    return standing | dict(said)


def _change_errors(session: Session, values: Mapping[str, Any], *, at: datetime) -> list[FieldError]:
    errors: list[FieldError] = []
    weight = values.get("weight_kg")
    low, high = session.program.protocol.limits["plausible"]["weight_kg"]
    if weight is not None and not low <= weight <= high:
        errors.append(FieldError("/weight_kg", "implausible", f"weight_kg must be from {low} to {high}."))
    for field in ("fasting_since", "client_confirmed_at"):
        if values.get(field) is not None:
            errors += rules.moment_errors(moment=values[field], at=at, after=None, field=field)
    return errors


@transaction.atomic
def end_dosing(*, program_id: UUID, by: Any, at: datetime) -> Program:
    """No further dose is planned: on to integration; future dosing sessions and their holds are freed.

    :raises IllegalTransition: from another phase than dosing
    """
    program = programs.lock_program(program_id)
    transitions.apply(program_rules.PROGRAM_MOVES, "end_dosing", instance=program, by=by)
    if program.phase != Phase.DOSING:
        raise IllegalTransition(f"'end_dosing' is possible from the dosing phase. Now: {program.phase}.")
    for session in Session.objects.filter(program=program, kind=SessionKind.DOSING, status__in=FUTURE):
        end(session_id=session.pk, move="cancel", reason="Dosing has ended.", by=by, at=at)
    return programs.enter_phase(program=program, phase=Phase.INTEGRATION, by=by, at=at)


@transaction.atomic
def discontinue(*, program_id: UUID, reason: str, by: Any, at: datetime) -> Program:
    """End a course early. Future sessions are freed, but an integration that a dose owes stays owed and booked."""
    program = programs.move_program(program_id=program_id, move="discontinue", reason=reason, by=by, at=at)
    free_future(program_id=program.pk, by=by, at=at)
    return program


def unowed() -> QuerySet[Session]:
    """Sessions in the book that settle no dose's integration."""
    booked = Q(fulfils__state=Obligation.State.BOOKED)
    held = Q(status=S.HELD, for_dose__obligation__state=Obligation.State.DUE)
    found: QuerySet[Session] = Session.objects.filter(status__in=FUTURE).exclude(booked | held)
    return found


@transaction.atomic
def free_future(*, program_id: UUID, by: Any, at: datetime) -> int:
    """Cancel what a course that has ended still has in the book, but for integrations that are owed."""
    ids = list(unowed().filter(program_id=program_id).order_by("starts_at").values_list("pk", flat=True))
    for session_id in ids:
        session = lock_session(session_id)
        if session.status in FUTURE:  # a dose that was cancelled just now has freed its hold itself
            actor = by if by.role_set & rules.SESSION_MOVES["cancel"].roles else SYSTEM
            end(session_id=session_id, move="cancel", reason="The program has ended.", by=actor, at=at)
    return len(ids)


def free_all_ended(*, at: datetime) -> int:
    """The same for every course that was ended early, when the message was lost."""
    rows = unowed().filter(program__status=Program.Status.DISCONTINUED).order_by("program_id")
    ids = list(rows.values_list("program_id", flat=True).distinct())
    return each(ids, lambda program_id: free_future(program_id=program_id, by=SYSTEM, at=at))


@transaction.atomic
def complete_program(*, program_id: UUID, by: Any, at: datetime) -> Program:
    """End a course as planned; what it still has in the book is freed.

    :raises StillOwed: while an integration is due or booked: hold it, or waive it
    """
    program = programs.lock_program(program_id)
    open_states = [Obligation.State.DUE, Obligation.State.BOOKED]
    if Obligation.objects.filter(program=program, state__in=open_states).exists():
        raise StillOwed("Complete or waive the integration that is owed.")
    program = programs.complete_program(program_id=program_id, by=by, at=at)
    free_future(program_id=program_id, by=by, at=at)
    return program
