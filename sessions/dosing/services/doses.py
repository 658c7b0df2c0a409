"""Verbs of doses: record, finish and void one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, IllegalTransition, merge
from kapclinic.core.moments import as_stated, moment_errors, utc_text
from kapclinic.core.postgresql.scoped import ahead
from kapclinic.core.writing import joining
from kapclinic.practice.models import User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs import services as programs
from programs.models import Phase, PhaseSpan, Program, Route
from programs.rules import LIVE
from screening import services as screening
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import CAME, HERE
from sessions.booking.rules.days import moves_at
from sessions.booking.services.holding import hold
from sessions.dosing import selectors
from sessions.dosing.gates import gather
from sessions.dosing.gates.judge import LATE_PAPER, OPEN, Judged
from sessions.dosing.gates.table import VITALS
from sessions.dosing.models import (
    Administration,
    AdministrationFinish,
    AdministrationVoid,
    Order,
)
from sessions.dosing.rems import services as rems
from sessions.dosing.rules import amounts, discharge, esketamine
from sessions.dosing.services import dose_checks
from sessions.dosing.services.here import Here, read_here, require_dosing
from sessions.drugs import services as drugs
from sessions.integration import services as integration
from sessions.monitoring import services as monitoring

OPEN_ORDERS = HERE | {Session.Status.SCHEDULED}


class NotReady(Conflict):
    """Gates are open; `gates` lists them as readiness does."""

    code, title = "not_ready", "The session is not ready"


class MinimumGap(NotReady):
    code, title = "minimum_gap", "Too soon after the last dose"


class SameDose(Conflict):
    code, title = "same_dose", "This dose is recorded already"


class LaterDoseStands(Conflict):
    """`administration` is the first dose that stands, given at `administered_at`."""

    code, title = "later_dose_stands", "A later dose of the session stands"


def lock_dosing(session_id: UUID) -> Session:
    """The program's row, then the session's, locked; with protocol, client and location.

    :raises IllegalTransition: for a session that is not a dosing session
    """
    hold(session_id=session_id, with_course=True)
    found = Session.objects.select_related("program__protocol", "program__location", "client", "location")
    session: Session = found.get(pk=session_id)
    require_dosing(session)
    return session


@joining
def record_administration(
    *,
    session_id: UUID,
    values: amounts.DoseFields,
    witness: User | None,
    by: User,
    at: datetime,
    override_reason: str = "",
    locked: bool = False,
) -> Administration:
    """Record one dose; with the first one its checks and its integration obligation, in one transaction (R4).

    `locked`: the request has locked the program and the session with its key.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber (R8)
    :raises NotToday: for a time on another day than the session's
    :raises IllegalTransition: before check-in, after the discharge or after the session; a dose that was given before
        the discharge is taken all the same, settled, in the place of one that was voided
    :raises Invalid: for a time in the future, before the check-in or too long after the first dose, an order of another
        session, an expired order, one of another drug than the session gave, or a way that the drug is not given in
    :raises SameDose: for a time at which a dose of the same order stands
    :raises LaterDoseStands: for a time before the first dose that stands, which is told
    :raises DoseAboveCap: when the session's total passes the protocol's cap
    :raises NotReady: / MinimumGap: while a gate is open; `gates` names them
    """
    here = read_here(session_id, locked=locked)
    moment, session, begun = values["administered_at"], here.session, here.begun
    booking.require_day(
        session=session,
        moment=moment,
        roles=amounts.GIVERS,
        what="Administering",
        override_reason=override_reason,
        by=by,
        at=at,
        field="administered_at",
    )
    _require_here(here, moment=moment)
    _require_moment(here, moment=moment, at=at)
    order = dose_checks.order_for(here.orders, values["order"], moment)
    _require_another(here.doses, order, moment)
    dose_checks.require_amount(session, order, values["dose_mg"], doses=here.doses)
    merge(dose_checks.errors_of(session, order, values, doses=here.doses, at=at, left_at=here.left_at))
    ahead(dose_checks.asks_behind_client(session, values, moment=moment))
    judged = _require_ready(session, order, moment=moment, at=at, begun=begun)
    dose = dose_checks.dose_of(session, order, values, first=begun is None, judged=judged)
    dose.staff, dose.recorded_at = by, at
    if (
        dose.supply == Administration.Supply.CLINIC_STOCK
    ):  # refuses what the lot does not hold: before any row
        _draw(session, dose, witness=witness, by=by, at=at)
    dose.insert_by(by, at=at)
    _tell_late_papers(dose, judged, by=by, at=at)
    if begun is None:
        _begin(here, dose, by=by, at=at)
    elif not esketamine.is_esketamine(dose.drug):
        lasts = {"dosed_at": begun, "booster_at": moment}
        monitoring.extend_checks(session=session, **lasts, by=by, at=at, beside=here.beside)
    if dose.route == Route.INTRAVENOUS and dose.given_mg is not None:
        _end_at_once(session, dose, values.get("ended_at"), by=by, at=at)
    if here.left_at is not None:
        monitoring.end_checks(session=session, left_at=here.left_at, rings=False, by=by, at=at)
    if esketamine.is_esketamine(dose.drug):
        rems.owe(session=session, by=by, at=at)
    return dose


def _require_here(here: Here, *, moment: datetime) -> None:
    """The client is here; or they were at `moment`, and this dose takes the place of one that was voided.

    :raises IllegalTransition: when the client has not come yet, or has gone
    """
    session, left_at = here.session, here.left_at
    was_here = left_at is not None and moment <= left_at and session.status in CAME
    if was_here and selectors.is_to_be_put_right(session_id=session.pk):
        return
    if session.status not in HERE:
        raise IllegalTransition(
            "Check the client in first; a finished session takes no dose.", state=session.status
        )
    if left_at is not None:
        raise IllegalTransition("The client was discharged.", state="discharged")


def _require_moment(here: Here, *, moment: datetime, at: datetime) -> None:
    """What is first is judged as a first dose, and a booster by what came before it: neither was, of what stands.

    :raises Invalid: for a time in the future, or before the check-in
    :raises LaterDoseStands: for a time before the first dose that stands
    """
    after = here.session.checked_in_at
    merge(moment_errors(moment=moment, at=at, after=after, field="administered_at"))
    if here.begun is None or moment >= as_stated(here.begun):
        return
    local = here.begun.astimezone(here.session.location.zone)
    raise LaterDoseStands(
        f"The dose of {local:%H:%M} stands, and would be a booster of this one. A prescriber voids it; then this one "
        "is recorded, and that one again after it.",
        administration=str(here.doses[0].pk),
        administered_at=utc_text(here.begun),
    )


def _require_another(doses: Sequence[Administration], order: Order, moment: datetime) -> None:
    """:raises SameDose: when this is a dose that was sent before, under another Idempotency-Key"""
    if any(dose.order_id == order.pk and dose.administered_at == moment for dose in doses):
        raise SameDose("A dose of this order stands at this time. Give a further one its own time.")


def _require_ready(
    session: Session, order: Order, *, moment: datetime, at: datetime, begun: datetime | None
) -> list[Judged]:
    """Every gate for the first dose; a booster needs no second reading before it, but all else must still stand."""
    # what suspends a clearance comes before the gates or after the dose
    screening.lock_client(session.client_id)
    found = gather.judged(session, moment=moment, at=at, dosing_now=True, order=order, begun=begun)
    judged = [row for row in found.gates if begun is None or row.code != VITALS]
    still_open = [row for row in judged if row.state == OPEN]
    if still_open:
        kind = MinimumGap if [row.code for row in still_open] == ["minimum_gap"] else NotReady
        names = ", ".join(row.code for row in still_open)
        raise kind(f"Open: {names}.", gates=[row.as_dict() for row in still_open])
    return judged


def _tell_late_papers(dose: Administration, judged: list[Judged], *, by: User, at: datetime) -> None:
    """One row for the director, for all papers of a dose that were made after it."""
    if not any(row.state == LATE_PAPER for row in judged):
        return
    trail.open_task(
        kind=Kind.LATE_PAPER,
        location=dose.session.location_id,
        client=dose.session.client_id,
        subject_type="administration",
        subject_id=dose.pk,
        due_at=at,
        by=by,
        at=at,
    )


def _draw(session: Session, dose: Administration, *, witness: User | None, by: User, at: datetime) -> None:
    assert dose.drug_lot is not None
    assert dose.drawn_mg is not None
    drugs.draw(
        lot_id=dose.drug_lot,
        location_id=session.location_id,
        drug=dose.drug,
        drawn_mg=dose.drawn_mg,
        given_mg=dose.given_mg,
        wasted_mg=dose.wasted_mg,
        witness=witness,
        administration_id=dose.pk,
        session_id=session.pk,
        client_id=session.client_id,
        by=by,
        at=at,
        on=dose.administered_at.astimezone(session.location.zone).date(),
        occurred_at=dose.administered_at,
    )


def _begin(here: Here, dose: Administration, *, by: User, at: datetime) -> None:
    """The first dose starts the session, plans its checks, makes integration owed, and may move the program's phase."""
    session, dosed_at = here.session, dose.administered_at
    if session.status == Session.Status.CHECKED_IN:
        moves = moves_at(session, moment=dosed_at, at=at)
        transitions.apply(moves, "start", instance=session, by=by)
        session.started_at = dosed_at
    session.outcome = Session.Outcome.DOSED
    session.save_by(by, at=at)
    fixed = esketamine.is_esketamine(dose.drug)
    monitoring.start_checks(
        session=session,
        dosed_at=dosed_at,
        rems=fixed,
        left_at=here.left_at,
        by=by,
        at=at,
        beside=here.beside,
    )
    integration.owe_integration(
        dose=session, program=session.program, dosed_at=dosed_at, by=by, at=at, known=here.owed
    )
    given = len(here.dosed | {session.pk})
    moment = max(dosed_at, session.started_at or dosed_at)
    _follow_doses(session.program, given, span=here.span, by=by, at=moment)


def _end_at_once(
    session: Session, dose: Administration, ended_at: datetime | None, *, by: User, at: datetime
) -> None:
    """An infusion that is settled as it is recorded: its checks count from its end, said or usual."""
    assert dose.given_mg is not None
    if ended_at is not None:
        AdministrationFinish(
            administration=dose,
            ended_at=ended_at,
            given_mg=dose.given_mg,
            wasted_mg=dose.wasted_mg or 0,
        ).insert_by(by, at=at)
    over_at = discharge.ended_at(dose, ended_at, session.program.protocol.limits)
    monitoring.plan_after_end(session=session, ended_at=over_at, by=by, at=at)


def _follow_doses(
    program: Program, given: int, *, by: User, at: datetime, span: PhaseSpan | None = None
) -> None:
    """Let the phase follow the `given` doses: the first ends preparation, the last planned one dosing. `span` is the
    open one. Dosing that a clinician ended stays ended, also when a dose is given in a session that had begun, and a
    course that is over when its last dose is written down stays in the phase in which it ended.
    """
    if program.status not in LIVE:
        return
    if program.phase == Phase.PREPARATION and given:  # a prescriber passed the preparation gate
        programs.enter_phase(program=program, phase=Phase.DOSING, by=by, at=at, span=span)
        span = None
    if program.phase == Phase.DOSING and given >= program.doses_planned:
        programs.enter_phase(program=program, phase=Phase.INTEGRATION, by=by, at=at, span=span)


@transaction.atomic
def finish_administration(
    *, dose_id: UUID, values: amounts.FinishFields, witness: User | None, by: User, at: datetime
) -> AdministrationFinish:
    """Settle a dose that ran on: what was given and what was wasted. A voided one too, when it drew from stock.

    :raises IllegalTransition: when it is finished already
    :raises Invalid: when given and wasted are not what was drawn, or more was given than ordered
    :raises DoseAboveCap: when the session's total passes the protocol's cap
    """
    transitions.require_role(by, amounts.GIVERS, what="Finishing a dose")
    dose: Administration = Administration.objects.get(pk=dose_id)
    session = lock_dosing(dose.session_id)
    over = AdministrationFinish.objects.filter(administration=dose).exists()
    if dose.supply != Administration.Supply.CLINIC_STOCK:  # what left the safe is accounted for in any case
        over = over or AdministrationVoid.objects.filter(administration=dose).exists()
    if over or dose.given_mg is not None:
        raise IllegalTransition("This dose is finished.", state="finished")
    merge(
        [
            *moment_errors(moment=values["ended_at"], at=at, after=dose.administered_at, field="ended_at"),
            *amounts.settle_errors(drawn=dose.drawn_mg, given=values["given_mg"], wasted=values["wasted_mg"]),
        ]
    )
    standing = selectors.standing_doses(session_id=session.pk).filter(pk=dose.pk).exists()
    if standing:
        dose_checks.require_given(session, dose, values["given_mg"])
    finish: AdministrationFinish = AdministrationFinish(administration=dose, **values).insert_by(by, at=at)
    if dose.supply == Administration.Supply.CLINIC_STOCK:
        drugs.settle_draw(
            administration_id=dose.pk,
            given_mg=finish.given_mg,
            wasted_mg=finish.wasted_mg,
            witness=witness,
            by=by,
            at=at,
            occurred_at=finish.ended_at,
        )
    if standing:
        monitoring.plan_after_end(session=session, ended_at=finish.ended_at, by=by, at=at)
    return finish
