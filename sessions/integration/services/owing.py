"""What a dose owes: it is owed with the dose, follows it, and is void with it."""

from __future__ import annotations

from datetime import datetime

from kapclinic.core import doorbell, transitions
from kapclinic.core.asking import AtOnce
from kapclinic.practice.models import SYSTEM, Actor, User
from kapclinic.trail import services as trail
from programs.models import Program
from programs.rules import integration_window
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import CAME
from sessions.integration import rules, selectors
from sessions.integration.models import Obligation
from sessions.integration.services.obligations import TASK, free_held_slot, link_booking, settle, settle_tasks

_debt = AtOnce(selectors.debt)


def owe_integration(
    *,
    dose: Session,
    program: Program,
    dosed_at: datetime,
    by: Actor,
    at: datetime,
    known: selectors.Debt | None = None,
) -> Obligation | None:
    """Write the obligation with the dose, in its transaction, and ring for the worker. Once per dosing session.

    One that was voided is owed again, from the true moment; a session that stands for it all the same is taken up.
    `known`: read by who has the program locked. None for a program that owes no integration (ketamine-only infusions),
    and for a client who has died.
    """
    if not program.protocol.owes_integration or program.client.died_on is not None:
        return None
    known = known or selectors.Debt(*_debt(session_id=dose.pk))
    obligation, stood = next(iter(known.obligations), None), None
    if obligation is None:
        obligation = Obligation(dosing_session=dose, program=program, client_id=program.client_id)
    elif obligation.state == Obligation.State.VOIDED:
        transitions.apply(rules.OBLIGATION_MOVES, "owe_again", instance=obligation, by=by, field="state")
        stood = obligation.integration_session
    else:
        return obligation
    obligation.therapist_id = program.therapist_id
    obligation.program = program
    _count_from(obligation, dosed_at)
    obligation.integration_session, obligation.escalations, obligation.reason = None, [], ""
    obligation.save_by(by, at=at)
    # the obligation takes the place of the row that said that no slot was held
    trail.settle(known.no_slot, by=by, at=at, outcome="owed")
    if stood is None or not _take_up(obligation, stood, at=at):
        doorbell.ring(TASK, obligation_id=obligation.pk)
    return obligation


def _take_up(obligation: Obligation, stood: Session, *, at: datetime) -> bool:
    """Let a session that was left standing when the dose was voided, or took place, be the integration of the dose that
    is owed for again. Not one that began before the window of that dose.
    """
    if stood.status not in CAME | {Session.Status.SCHEDULED} or stood.starts_at < obligation.window_start:
        return False
    link_booking(obligation=obligation, session=stood, by=SYSTEM, at=at)
    if stood.status == Session.Status.COMPLETED:
        settle(session=stood, by=SYSTEM, at=at)
    return True


def follow_first_dose(*, dose: Session, dosed_at: datetime, by: User, at: datetime) -> None:
    """The first dose was voided and another stands, at `dosed_at`: its window counts from there.

    An integration that took place, or that somebody waived, stays so, and one that is booked stands where it is, unless
    it would now begin before its window: then it is owed anew by `owe_integration`. A slot that is held is held on.
    """
    obligation: Obligation | None = Obligation.objects.select_for_update().filter(dosing_session=dose).first()
    if obligation is None or not _stands(obligation, dosed_at=dosed_at, at=at):
        void_obligation(dose=dose, by=by, at=at)
        owe_integration(dose=dose, program=dose.program, dosed_at=dosed_at, by=by, at=at)
        return
    _count_from(obligation, dosed_at)
    obligation.save_by(by, at=at)


def _count_from(obligation: Obligation, dosed_at: datetime) -> None:
    obligation.dosed_at = dosed_at
    window = integration_window(obligation.program.protocol, dosed_at=dosed_at)
    obligation.window_start, obligation.window_end = window


def _stands(obligation: Obligation, *, dosed_at: datetime, at: datetime) -> bool:
    """Does it stay as it is when its dose was given at `dosed_at`, with what is booked for it?"""
    booked = obligation.integration_session
    if booked is None or obligation.state != Obligation.State.BOOKED:
        return obligation.state in rules.STAYS
    start, _ = integration_window(obligation.program.protocol, dosed_at=dosed_at)
    return not _lets_go(booked, at=at) or booked.starts_at >= start


def void_obligation(*, dose: Session, by: Actor, at: datetime, reason: str = rules.DOSE_VOIDED) -> None:
    """The dose was voided, or the client has died: nothing is owed, and what was booked for it is freed.

    A session stays to which the client has come, and one whose time is over: somebody still says whether it was.
    """
    obligation: Obligation | None = Obligation.objects.select_for_update().filter(dosing_session=dose).first()
    if obligation is None or obligation.state == Obligation.State.VOIDED:
        return
    booked = obligation.integration_session
    transitions.apply(rules.OBLIGATION_MOVES, "void", instance=obligation, by=by, field="state")
    obligation.save_by(by, at=at)
    if booked is not None and _lets_go(booked, at=at):
        booking.end_booking(session=booked, move="cancel", reason=reason, by=by, at=at)
    free_held_slot(dose=dose, by=by, at=at)
    settle_tasks(obligation, by=by, at=at, outcome=reason)


def _lets_go(booked: Session, *, at: datetime) -> bool:
    """Is this session still to come, with nobody there for it yet?"""
    return booked.status == Session.Status.SCHEDULED and booked.ends_at > at
