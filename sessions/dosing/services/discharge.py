"""Verbs at the end of a dosing day: not dosed, discharge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from kapclinic.core import paper, transitions
from kapclinic.core.errors import Conflict, IllegalTransition, Invalid, merge
from kapclinic.core.moments import moment_errors
from kapclinic.practice.models import Role, User
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs.policy import limit
from sessions.booking import services as booking
from sessions.booking.models import Session
from sessions.booking.rules import SESSION_MOVES, Escort
from sessions.booking.rules.days import moves_at, roles_at
from sessions.dosing import selectors, sheets
from sessions.dosing.models import Discharge
from sessions.dosing.rules import amounts, discharge, esketamine
from sessions.dosing.selectors.doses import said_end
from sessions.dosing.selectors.leaving import judgement
from sessions.dosing.services.doses import NotReady, lock_dosing
from sessions.integration import services as integration
from sessions.monitoring import selectors as monitoring
from sessions.monitoring import services as checks


class OpenDraw(Conflict):
    code, title = "open_draw", "A draw is not settled"

    @classmethod
    def of_session(cls) -> OpenDraw:
        label = "Say of each draw what was given and what was wasted."
        return cls(label, unmet=[{"code": cls.code, "label": label}])


class WasDosed(IllegalTransition):
    title = "A dose was given"


@transaction.atomic
def end_undosed_leaving_slot(
    *, session_id: UUID, reason: str, by: User, moment: datetime, at: datetime, override_reason: str = ""
) -> Session:
    """The client came and was not dosed: the visit is completed, and its held integration is freed with it.

    Half a verb: the freed slot is left unused. `visits.services.end_undosed` is the whole.

    :raises NotToday: on another day than the session's
    :raises WasDosed: when a dose stands
    :raises OpenDraw: while the draw of a voided dose is not settled (R7)
    :raises IllegalTransition: before check-in or after the session
    """
    session = lock_dosing(session_id)
    booking.require_day(
        session=session,
        moment=moment,
        roles=SESSION_MOVES["not_dosed"].roles,
        what="The move 'not_dosed'",
        override_reason=override_reason,
        by=by,
        at=at,
    )
    if selectors.standing_doses(session_id=session.pk).exists():
        raise WasDosed("Void the dose first, or discharge the client.", state=session.status)
    if selectors.open_draws(session_id=session.pk):
        raise OpenDraw.of_session()
    moves = moves_at(session, moment=moment, at=at)
    transitions.apply(moves, "not_dosed", instance=session, by=by)
    merge(moment_errors(moment=moment, at=at, after=session.started_at or session.checked_in_at))
    session.outcome, session.reason, session.completed_at = Session.Outcome.NOT_DOSED, reason, moment
    integration.free_held_slot(dose=session, by=by, at=at)
    booking.settle_asked(session=session, outcome="not dosed", by=by, at=at)
    booking.settle_left(session=session, outcome="not dosed", by=by, at=at)
    return session.save_by(by, at=at)


def _escort_here(session: Session, escort: Escort | None, change_reason: str) -> tuple[Escort | None, str]:
    """Who takes the client home, and why it is somebody else than the session names.

    :raises Invalid: for somebody else without a reason
    """
    named: Escort | None = session.escort
    if escort is None:
        return named, ""
    changed = bool(named) and not discharge.same_person(named, escort)
    if changed and not change_reason:
        detail = "Somebody else than the session names is here: say why."
        raise Invalid.field("escort_change_reason", detail, code="required")
    return escort.copy(), change_reason if changed else ""


@transaction.atomic
def discharge_client(
    *,
    session_id: UUID,
    checklist: Mapping[str, bool],
    escort_present: bool,
    discharged_at: datetime,
    override_reason: str,
    by: User,
    at: datetime,
    escort: Escort | None = None,
    escort_change_reason: str = "",
    safety_concern: bool = False,
) -> Discharge:
    """Let the client go home when the record allows it, or on a prescriber's responsibility.

    What the record can say is computed and never taken from the request; `sedation` is stated only where no fresh
    reading since the dose holds it, and a "no" of it stands. `escort` is who is here, when that is not whom the session
    names. A `safety_concern` puts the first contact on the therapist's worklist (clinical policy 7: within 24 h). What
    the client is given on paper is kept with its hash.

    `override_reason` says why the client goes before all is met, and why it is entered more than 7 days afterwards.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber; an override needs a prescriber,
        and more than 7 days afterwards the medical director
    :raises NotToday: for a time on another day than the session's
    :raises IllegalTransition: without a dose, or when discharged before
    :raises Invalid: for a time in the future, before the last dose is in or before a reading that stands, or another
        escort without a reason
    :raises OpenDraw: while a draw is not settled (R7)
    :raises NotReady: naming each criterion in `unmet`; with a reason too, before the two hours of esketamine are over
    """
    session = lock_dosing(session_id)
    booking.require_day(
        session=session,
        moment=discharged_at,
        roles=discharge.DISCHARGERS,
        what="Discharging",
        override_reason=override_reason,
        by=by,
        at=at,
        field="discharged_at",
    )
    last = _require_leaving(session, discharged_at=discharged_at, at=at)
    here, changed = _escort_here(session, escort, escort_change_reason)
    judged = judgement(session, discharged_at, stated=checklist, escort_present=escort_present, escort=here)
    if unmet := discharge.unmet(judged.checklist):
        if not override_reason or _bound_to_stay(session, unmet):
            rows = [{"code": key, "label": discharge.words_of(key, at_home=judged.at_home)} for key in unmet]
            raise NotReady("Not yet: " + ", ".join(unmet) + ".", unmet=rows)
        _require_decider(session, discharged_at=discharged_at, by=by, at=at)
    checks.end_checks(session=session, left_at=discharged_at, by=by, at=at)
    row = Discharge(
        session=session,
        checklist=judged.checklist,
        escort_present=escort_present,
        escort=here if escort_present else None,
        escort_change_reason=changed,
        safety_concern=safety_concern,
        discharged_at=discharged_at,
        no_drive_until=discharge.no_drive_until(dosed_at=last, zone=session.location.zone),
        override_reason=override_reason if unmet else "",
        created_at=at,
    )
    row.criteria = judged.as_left()  # type: ignore[attr-defined]  # what the answer shows
    row.sheet = sheets.content_of(row, last_dosed_at=last)
    row.sheet_sha256 = paper.fingerprint(sheets.pdf_of(row))
    if safety_concern:
        _ask_for_contact(session, discharged_at=discharged_at, by=by, at=at)
    return row.insert_by(by, at=at)


def _require_decider(session: Session, *, discharged_at: datetime, by: User, at: datetime) -> None:
    """:raises NotPermitted: unless `by` may let the client go although something is missing"""
    deciders = roles_at(amounts.ORDERERS, session, moment=discharged_at, at=at)
    transitions.require_role(by, deciders, what="Discharging early")


def _bound_to_stay(session: Session, unmet: Sequence[str]) -> bool:
    """Is the stay of the label not over? After esketamine nobody shortens it (REMS Patient Monitoring Form)."""
    doses = selectors.standing_doses(session_id=session.pk)
    return "minimum_stay" in unmet and any(esketamine.is_esketamine(dose.drug) for dose in doses)


def _require_leaving(session: Session, *, discharged_at: datetime, at: datetime) -> datetime:
    """When the last dose was given, if the client may leave at all at `discharged_at`.

    :raises IllegalTransition: without a dose, or when discharged before
    :raises Invalid: for a time in the future, or before the last dose was given or its infusion ended, or before the
        last reading that stands was taken
    :raises OpenDraw: while a draw is not settled (R7)
    """
    if not discharge.may_leave(session):
        raise IllegalTransition("Only a dosed client who is still here is discharged.", state=session.status)
    if Discharge.objects.filter(session=session).exists():
        raise IllegalTransition("The client was discharged before.", state="discharged")
    doses = list(selectors.doses_with_ends(session_id=session.pk))
    assert doses
    ended = max(said_end(row) or row.administered_at for row in doses)
    merge(moment_errors(moment=discharged_at, at=at, after=ended, field="discharged_at"))
    measured = monitoring.standing_readings(session_id=session.pk).last()
    if measured is not None and discharged_at < measured.measured_at.replace(second=0, microsecond=0):
        local = measured.measured_at.astimezone(session.location.zone)
        detail = f"Vital signs were taken at {local:%H:%M}: the client was still here then."
        raise Invalid.field("discharged_at", detail, code="too_early")
    if selectors.open_draws(session_id=session.pk):
        raise OpenDraw.of_session()
    return doses[-1].administered_at


def _ask_for_contact(session: Session, *, discharged_at: datetime, by: User, at: datetime) -> None:
    program = session.program
    hours = limit(program.protocol.limits, "safety_contact_hours")
    trail.open_task(
        kind=Kind.DISCHARGE_SAFETY_CONCERN,
        roles=(Role.THERAPIST,) if program.therapist_id else (Role.NURSE_PRACTITIONER, Role.PRESCRIBER),
        location=session.location_id,
        client=session.client_id,
        assignee=program.therapist_id,
        subject_type="session",
        subject_id=session.pk,
        due_at=discharged_at + timedelta(hours=hours),
        by=by,
        at=at,
    )
