"""Voiding a dose: what it had asked for goes with it, or counts from the dose that is the first one now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from kapclinic.core import transitions
from kapclinic.core.errors import AlreadyVoid
from kapclinic.practice.models import User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs import services as programs
from programs.models import Phase, Program
from sessions.booking.models import Session
from sessions.dosing import selectors
from sessions.dosing.models import Administration, AdministrationVoid, Discharge
from sessions.dosing.rems import services as rems
from sessions.dosing.rules import amounts, discharge, esketamine
from sessions.dosing.selectors.doses import is_over, said_end
from sessions.dosing.services.doses import lock_dosing
from sessions.integration import services as integration
from sessions.monitoring import services as monitoring


@transaction.atomic
def void_administration_leaving_slot(
    *, dose_id: UUID, reason: str, by: User, at: datetime
) -> AdministrationVoid:
    """Say that a dose was recorded in error. With the first one go its checks and its obligation.

    Half a verb: the slot that its integration held is left unused. `visits.services.void_administration` is the whole.

    When another dose of the session stands, checks and obligation count from that one; an obligation that was met or
    waived stays so.

    :raises NotPermitted: unless `by` is a prescriber
    :raises AlreadyVoid: the second time
    """
    transitions.require_role(by, amounts.ORDERERS, what="Voiding a dose")
    dose: Administration = Administration.objects.get(pk=dose_id)
    session = lock_dosing(dose.session_id)
    before = selectors.first_dosed_at(session_id=session.pk)
    try:
        with transaction.atomic():
            void = AdministrationVoid(administration=dose, reason=reason).insert_by(by, at=at)
    except IntegrityError as exc:
        raise AlreadyVoid from exc
    trail.settle_tasks(kind=Kind.LATE_PAPER, subject_id=dose.pk, by=by, at=at, outcome="voided")
    left = selectors.first_dosed_at(session_id=session.pk)
    if left is None:
        _take_back(session, by=by, at=at)
        _dose_again(session.program, by=by, at=at)
    elif left != before:
        _begin_anew(session, by=by, at=at)
    if esketamine.is_esketamine(dose.drug):
        rems.amend(session=session, by=by, at=at)
    return void


def _take_back(session: Session, *, by: User, at: datetime) -> None:
    """No dose stands any more: nothing is asked for, and nothing is owed."""
    integration.void_obligation(dose=session, by=by, at=at)
    monitoring.end_checks(session=session, by=by, at=at)
    over = session.status == Session.Status.COMPLETED
    session.outcome = Session.Outcome.NOT_DOSED if over else ""
    session.save_by(by, at=at)


def _dose_again(program: Program, *, by: User, at: datetime) -> None:
    """Back to dosing when the dose that was just voided made the planned number full. Dosing that a clinician ended
    before that stays ended.
    """
    given = selectors.doses_given([program.pk]).get(program.pk, 0)
    ended = program.phase == Phase.INTEGRATION and program.status == Program.Status.ACTIVE
    if ended and given + 1 == program.doses_planned:
        programs.enter_phase(program=program, phase=Phase.DOSING, by=by, at=at)


def _begin_anew(session: Session, *, by: User, at: datetime) -> None:
    """Another dose is the first one now: its checks are planned, and then those of each one after it, as it was given.

    The stay counts from the last dose, so what later boosters and infusions asked for is asked for still (R14). Of a
    client who has gone nothing more is asked.
    """
    doses = list(selectors.doses_with_ends(session_id=session.pk))
    first = doses[0]
    dosed_at, fixed = first.administered_at, esketamine.is_esketamine(first.drug)
    gone = Discharge.objects.filter(session=session).values_list("discharged_at", flat=True).first()
    monitoring.end_checks(session=session, by=by, at=at)
    monitoring.start_checks(session=session, dosed_at=dosed_at, rems=fixed, left_at=gone, by=by, at=at)
    for dose in doses:
        if dose is not first and not esketamine.is_esketamine(dose.drug):
            monitoring.extend_checks(
                session=session, dosed_at=dosed_at, booster_at=dose.administered_at, by=by, at=at
            )
        if is_over(dose):
            over_at = discharge.ended_at(dose, said_end(dose), session.program.protocol.limits)
            monitoring.plan_after_end(session=session, ended_at=over_at, by=by, at=at)
    if gone is not None:
        monitoring.end_checks(session=session, left_at=gone, rings=False, by=by, at=at)
    integration.follow_first_dose(dose=session, dosed_at=dosed_at, by=by, at=at)
