"""Verbs at the end of a dosing day: adverse events, not dosed, discharge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from kapclinic.core import transitions
from kapclinic.core.errors import Conflict, IllegalTransition, merge
from kapclinic.practice.models import Role, User
from kapclinic.trail import services as trail
from programs.models import Protocol
from sessions.booking.models import Session
from sessions.booking.rules import SESSION_MOVES, moment_errors
from sessions.dosing import rules, selectors
from sessions.dosing.models import AdverseEvent, Discharge
from sessions.dosing.services import STARTED, NotReady, lock_dosing
from sessions.integration import services as integration
from sessions.integration.models import Obligation
from sessions.monitoring import selectors as monitoring
from sessions.monitoring import services as checks
from sessions.monitoring.rules import home_ready

BOOKED = frozenset(
    {Obligation.State.BOOKED, Obligation.State.MET, Obligation.State.MET_LATE, Obligation.State.WAIVED}
)


class OpenDraw(Conflict):
    code, title = "open_draw", "A draw is not settled"


class WasDosed(IllegalTransition):
    title = "A dose was given"


@transaction.atomic
def record_adverse_event(
    *, session: Session, values: Mapping[str, Any], by: User, at: datetime
) -> AdverseEvent:
    """Record an adverse event; a severe or serious one is put before the medical director at once.

    :raises NotPermitted: unless `by` is a clinician
    :raises Invalid: for times in the future or reversed
    """
    transitions.require_role(by, rules.REPORTERS, what="Recording an adverse event")
    errors = moment_errors(moment=values["onset_at"], at=at, after=None, field="onset_at")
    if values.get("resolved_at") is not None:
        errors += moment_errors(
            moment=values["resolved_at"], at=at, after=values["onset_at"], field="resolved_at"
        )
    merge(errors)
    event: AdverseEvent = AdverseEvent(session=session, **values).insert_by(by, at=at)
    if event.serious or event.grade >= session.program.protocol.limits["severe_grade"]:
        trail.open_task(
            kind="adverse_event_review",
            roles=(Role.MEDICAL_DIRECTOR,),
            location=session.location_id,
            client=session.client_id,
            subject_type="adverse_event",
            subject_id=event.pk,
            due_at=at + timedelta(hours=session.program.protocol.limits["event_review_hours"]),
            by=by,
            at=at,
        )
    return event


@transaction.atomic
def end_undosed(*, session_id: UUID, reason: str, by: User, moment: datetime, at: datetime) -> Session:
    """The client came and was not dosed: the visit is completed, and its held integration is freed with it.

    :raises WasDosed: when a dose stands
    :raises OpenDraw: while the draw of a voided dose is not settled (R7)
    :raises IllegalTransition: before check-in or after the session
    """
    session = lock_dosing(session_id)
    if selectors.standing_doses(session_id=session.pk).exists():
        raise WasDosed("Void the dose first, or discharge the client.", state=session.status)
    if selectors.open_draws(session_id=session.pk):
        raise OpenDraw("Say of each draw what was given and what was wasted.")
    transitions.apply(SESSION_MOVES, "not_dosed", instance=session, by=by)
    merge(moment_errors(moment=moment, at=at, after=session.checked_in_at))
    session.outcome, session.reason, session.completed_at = Session.Outcome.NOT_DOSED, reason, moment
    integration.free_hold(dose=session, by=by, at=at)
    return session.save_by(by, at=at)


def computed_checklist(
    *, session: Session, discharged_at: datetime, escort_present: bool
) -> dict[str, bool | None]:
    """What the record itself says about going home; None where it says nothing (policy 3.6).

    The minimum stay counts from the last dose; vital signs are in band, blood pressure and heart rate at least within
    the protocol's percentage of the baseline; sedation is MOAA/S at the protocol's level.
    """
    protocol = session.program.protocol
    last = selectors.last_dosed_at(session_id=session.pk)
    first = selectors.first_dosed_at(session_id=session.pk)
    assert last is not None
    assert first is not None
    obligation = Obligation.objects.filter(dosing_session=session).first()
    return {
        "minimum_stay": discharged_at >= last + timedelta(minutes=protocol.min_stay_min),
        "vitals": _vitals_allow(session, protocol, last=last, first=first),
        "sedation": _awake(session, protocol, last=last),
        "escort": escort_present and bool(session.escort),
        "integration_booked": obligation is None or obligation.state in BOOKED,
    }


def _vitals_allow(session: Session, protocol: Protocol, *, last: datetime, first: datetime) -> bool:
    reading = monitoring.last_after(session_id=session.pk, after=last)
    if reading is None or reading.phase != "in_session":
        return False
    baseline = monitoring.last_before_dose(session_id=session.pk, before=first)
    return home_ready(
        vitals=monitoring.vitals_of(reading),
        bands=reading.bands,
        baseline=monitoring.vitals_of(baseline) if baseline else None,
        percent=protocol.limits["vitals_within_baseline_percent"],
    )


def _awake(session: Session, protocol: Protocol, *, last: datetime) -> bool | None:
    readings = monitoring.standing_readings(session_id=session.pk).filter(measured_at__gt=last)
    reading = readings.exclude(sedation=None).last()
    return None if reading is None else reading.sedation >= protocol.bands["sedation"]["go"]


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
) -> Discharge:
    """Let the client go home when the record allows it, or on a prescriber's responsibility.

    What the record can say is computed and never taken from the request; `sedation` is stated only when no reading
    since the dose holds it.

    :raises NotPermitted: unless `by` is a nurse practitioner or prescriber; an override needs a prescriber
    :raises IllegalTransition: without a dose, or when discharged before
    :raises OpenDraw: while a draw is not settled (R7)
    :raises NotReady: naming each criterion in `unmet`
    """
    transitions.require_role(by, rules.DISCHARGERS, what="Discharging")
    session = lock_dosing(session_id)
    if session.status not in STARTED or session.outcome != Session.Outcome.DOSED:
        raise IllegalTransition("Only a dosed client who is still here is discharged.", state=session.status)
    if Discharge.objects.filter(session=session).exists():
        raise IllegalTransition("The client was discharged before.", state="discharged")
    first = selectors.first_dosed_at(session_id=session.pk)
    assert first is not None
    merge(moment_errors(moment=discharged_at, at=at, after=first, field="discharged_at"))
    if selectors.open_draws(session_id=session.pk):
        raise OpenDraw("Say of each draw what was given and what was wasted.")
    computed = computed_checklist(session=session, discharged_at=discharged_at, escort_present=escort_present)
    whole = {key: checklist.get(key) for key in rules.STATED} | computed
    if whole["sedation"] is None:
        whole["sedation"] = checklist.get("sedation")
    if unmet := rules.unmet(whole):
        if not override_reason:
            rows = [{"code": key, "label": rules.LABELS[key]} for key in unmet]
            raise NotReady("Not yet: " + ", ".join(unmet) + ".", unmet=rows)
        transitions.require_role(by, rules.ORDERERS, what="Discharging early")
    checks.end_checks(session=session, left_at=discharged_at, by=by, at=at)
    return Discharge(
        session=session,
        checklist=whole,
        escort_present=escort_present,
        discharged_at=discharged_at,
        no_drive_until=rules.no_drive_until(dosed_at=first, zone=session.location.zone),
        override_reason=override_reason if unmet else "",
    ).insert_by(by, at=at)
