"""Gathers what the gates look at, in a number of queries that does not grow with the record, and has it judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from kapclinic.practice.models import Role, SessionKind
from kapclinic.practice.worklist import Kind
from kapclinic.trail.models import Task
from programs import policy
from programs.policy import limit
from screening import selectors as screening
from screening.models import Clearance, Measure
from sessions.booking.models import Session
from sessions.dosing import selectors
from sessions.dosing.gates.facts import (
    CSSRS,
    Facts,
    Override,
    Proof,
    Said,
    Vitals,
    judged_reading,
    shows_ideation,
)
from sessions.dosing.gates.judge import Readiness, judge
from sessions.dosing.models import Attestation, AttestationCode, GateOverride, Order
from sessions.dosing.rules import amounts, esketamine
from sessions.integration import selectors as integration
from sessions.monitoring import selectors as monitoring
from sessions.monitoring.models import Alarm
from sessions.monitoring.rules import worst


def overrides_of(*, session_id: UUID) -> dict[str, Override]:
    """The latest override of each gate of a session."""
    rows = GateOverride.objects.filter(session_id=session_id).order_by("created_at", "pk")
    return {row.gate: Override(row.reason, row.created_by, row.role, row.created_at) for row in rows}


def gather(
    *,
    session: Session,
    moment: datetime,
    at: datetime,
    dosing_now: bool,
    order: Order | None = None,
    begun: datetime | None = None,
) -> Facts:
    """All facts of the gates for a dose at `moment`.

    `dosing_now` says that a dose is being recorded; looking at a session of the past (late entry), the age of its
    vital signs is not judged against the present. `order` is the one that the dose names, else the one of `moment`.
    `begun` is the time of the session's first dose; a dose after it is a booster, which looks at what came since.
    """
    moment = moment.astimezone(session.location.zone)  # ages and clearances count by the clinic's own date
    order = order or selectors.order_at(session_id=session.pk, moment=moment)
    given = order is not None and esketamine.is_esketamine(order.drug)
    words = selectors.words_for(session)
    return Facts(
        moment=moment,
        begun=begun,
        vitals=_vitals(session, begun or moment),
        vitals_age_counts=dosing_now or session.ends_at >= at,
        esketamine=given,
        **_policy(session, given=given),
        **_course(session, moment, begun=begun),
        **_since(session, moment, begun=begun),
        **_screening(session, moment),
        **_order(order, moment),
        **_kept_words(session, words, moment),
        **_visit(session, words),
    )


def _policy(session: Session, *, given: bool) -> dict[str, Any]:
    """What the protocol asks; under esketamine what its label asks instead."""
    protocol = session.program.protocol
    age = protocol.limits["min_age_years"]
    return {
        "is_kap": protocol.owes_integration,
        "home_dosing": protocol.home_dosing,
        "modes": protocol.gate_modes,
        "min_preparations": protocol.min_preparations,
        "min_gap_hours": protocol.min_gap_hours,
        "min_age_years": max(age, esketamine.ADULT_YEARS) if given else age,
        "vitals_max_age_min": protocol.limits["vitals_max_age_min"],
        "weight_days": protocol.limits["weight_days"],
        "pdmp_days": limit(protocol.limits, "pdmp_days"),
        "gap_floor_hours": limit(protocol.limits, "min_gap_floor_hours"),
        "clear_hours": protocol.fasting_hours.get("clear", 0),
        "fasting_hours": esketamine.SOLID_HOURS if given else protocol.fasting_hours["solid"],
        "needs_weight": protocol.dose["unit"] == "mg/kg",
        "needs_prescriber": any(row["role"] == Role.PRESCRIBER for row in protocol.resources),
    }


def _is_booster(moment: datetime, begun: datetime | None) -> bool:
    return begun is not None and moment > begun


def _since(session: Session, moment: datetime, *, begun: datetime | None) -> dict[str, Any]:
    """What a booster at `moment` looks at: red alarms that nobody acknowledged, and the last reading."""
    if begun is None or not _is_booster(moment, begun):
        return {}
    rung = Q(reading__measured_at__lte=moment, cause=Alarm.Cause.RED)
    rung |= Q(created_at__lte=moment, cause=Alarm.Cause.TRIGGER)
    readings = monitoring.readings_after(session=session, dosed_at=begun)
    bands = [row.bands for row in readings if row.measured_at <= moment]
    return {
        "booster": True,
        "red_alarms": monitoring.open_alarms(session_id=session.pk).filter(rung).count(),
        "red_reading": bool(bands) and worst(bands[-1]) == "red",
    }


def _course(session: Session, moment: datetime, *, begun: datetime | None) -> dict[str, Any]:
    """What came before this session: the program, earlier doses, what they owe, what went wrong."""
    program = session.program
    but = None if _is_booster(moment, begun) else session.pk
    return {
        "program_status": program.status,
        "client_age": session.client.age_at(moment),
        "has_therapist": program.therapist_id is not None,
        "preparations_done": selectors.preparations_done([program.pk]).get(program.pk, 0),
        "earlier_integration_open": integration.earlier_open(program_id=program.pk, but=session.pk),
        "last_dosed_at": selectors.last_dose_elsewhere(
            client_id=session.client_id, but=session.pk, before=moment
        ),
        "next_dosed_at": None
        if begun
        else selectors.next_dose_elsewhere(client_id=session.client_id, but=session.pk, after=moment),
        "severe_event": selectors.has_severe_event(
            client_id=session.client_id, grade=program.protocol.limits["severe_grade"]
        ),
        "unreviewed_events": selectors.unreviewed(client_id=session.client_id, but_session=but)
        .filter(onset_at__lte=moment)
        .count(),
    }


def _kept_words(session: Session, words: Sequence[Attestation], moment: datetime) -> dict[str, Any]:
    """What is asked of a client, not of each day: the monitoring program's check (so long), the REMS enrolment."""
    days = limit(session.program.protocol.limits, "pdmp_days")
    since = moment.astimezone(UTC) - timedelta(days=days)
    pdmp = _last_word(words, AttestationCode.PDMP, own=session.pk, until=moment)
    return {
        "pdmp": pdmp if pdmp and pdmp.at and pdmp.at >= since else None,
        "rems_enrolment": _last_word(words, AttestationCode.REMS_ENROLMENT, own=session.pk, until=moment),
    }


def _last_word(words: Sequence[Attestation], code: str, *, own: UUID, until: datetime) -> Proof | None:
    """The newest word on `code` in `words` (oldest first), if it is yes.

    A word after `until` counts only on the session `own` itself, whose dose may be written up late.
    """
    heard = [row for row in words if row.code == code and (row.at <= until or row.session_id == own)]
    if not heard or not heard[-1].value:
        return None
    return Proof("Attested", "attestation", by=heard[-1].by_id, at=heard[-1].at)


def _screening(session: Session, moment: datetime) -> dict[str, Any]:
    """What screening says: clearance, consent, alerts; what the check-in said; whether the record shows ideation."""
    program_id = session.program_id
    clearance = screening.current_clearance(program_id=program_id, at=moment)
    consent = screening.active_consent(program_id=program_id, document=selectors.CONSENT, at=moment)
    alerts = list(screening.open_alerts(program_id=program_id).values_list("measure_id", flat=True))
    latest = screening.latest_measures(
        program_id=program_id, instruments=(CSSRS, *policy.SUICIDE_ITEMS), at=moment
    )
    cssrs, stated = latest.get(CSSRS), _stated(clearance)
    told = [(key, row.band, row.flags) for key, row in latest.items()]
    facts: dict[str, Any] = {
        "open_alerts": len(alerts),
        "open_concerns": Task.objects.open()
        .filter(kind=Kind.CHECK_IN_SAFETY_CONCERN, client=session.client_id)
        .count(),
        "stated_ideation": stated,
        "at_risk": shows_ideation(told, stated=stated),
        **_cssrs(cssrs, alerts=alerts),
    }
    if consent is not None:
        facts["consent"] = Proof(
            "Signed", "consent", by=consent.collected_by_id, at=consent.signed_at, ref=consent.pk
        )
    return facts | _clearance(clearance)


def _cssrs(measure: Measure | None, *, alerts: Sequence[UUID | None]) -> dict[str, Any]:
    if measure is None:
        return {}
    return {
        "cssrs": Proof(
            f"C-SSRS: {measure.band}", "measure", by=measure.created_by, at=measure.taken_at, ref=measure.pk
        ),
        "cssrs_tier": measure.band,
        "cssrs_alert_open": measure.pk in alerts,
    }


def _stated(clearance: Clearance | None) -> bool:
    answer = clearance.screening.answers.get("PSY_SI") if clearance else None
    return (answer.get("value") if isinstance(answer, Mapping) else answer) is True


def _clearance(clearance: Clearance | None) -> dict[str, Any]:
    if clearance is None:
        return {}
    decided = clearance.screening
    return {
        "cleared_until": clearance.expires_on,
        "clearance": Proof(
            f"Cleared until {clearance.expires_on}",
            "clearance",
            by=clearance.decided_by_id,
            at=clearance.valid_from,
            ref=clearance.pk,
        ),
        "screened_at": decided.submitted_at,
        "screening": Proof(
            "Screened", "screening", by=decided.created_by, at=decided.submitted_at, ref=decided.pk
        ),
    }


def _order(order: Order | None, moment: datetime) -> dict[str, Any]:
    if order is None:
        return {"order_problem": "No order."}
    text = f"Order of {order.dose_mg:f} mg, {order.route}"
    proof = Proof(text, "order", by=order.prescriber_id, at=order.created_at, ref=order.pk)
    return {"order": proof, "order_problem": amounts.order_problem(order, moment=moment)}


def _visit(session: Session, words: Sequence[Attestation]) -> dict[str, Any]:
    """What staff noted on the session itself; of each code the latest word."""
    own = (row for row in words if row.session_id == session.pk)
    said = {row.code: Said(row.value, row.by_id, row.at) for row in own}
    names = ("modality", "escort", "client_location", "fasting_since", "weight_kg", "weighed_at")
    return {
        "said": said,
        "staff_roles": frozenset(row["role"] for row in session.staff),
        **{name: getattr(session, name) for name in names},
    }


def _vitals(session: Session, moment: datetime) -> Vitals | None:
    """The readings up to the first dose, judged as such also where it was entered again at a later time."""
    taken = monitoring.standing_readings(session_id=session.pk).filter(measured_at__lte=moment)
    rows = monitoring.as_dosed(list(taken), session=session, dosed_at=None)
    readings = [
        Vitals(
            systolic=row.systolic,
            diastolic=row.diastolic,
            spo2=row.spo2,
            measured_at=row.measured_at,
            bands=row.bands,
            by=row.recorded_by_id,
            ref=row.pk,
        )
        for row in rows
    ]
    recheck_min = session.program.protocol.bands["bp"]["recheck_min"]
    return judged_reading(readings, recheck_min=recheck_min, moment=moment.astimezone(session.location.zone))


def judged_at(session: Session, *, at: datetime) -> datetime:
    """The moment of a dose that is not there yet: now, or for the session of an earlier local day its end.

    What is written up late is judged by its own day, as the dose itself will be.
    """
    zone = session.location.zone
    over = session.ends_at.astimezone(zone).date() < at.astimezone(zone).date()
    return session.ends_at if over else at


def readiness(*, session_id: UUID, at: datetime) -> Readiness:
    """Every gate of a dosing session as it stands now; for another kind of session there are none."""
    session = Session.objects.select_related("program__protocol", "client", "location").get(pk=session_id)
    if session.kind != SessionKind.DOSING:
        return Readiness()
    given = selectors.first_dosed_at(session_id=session_id)
    facts = gather(
        session=session,
        moment=given or judged_at(session, at=at),
        at=at,
        dosing_now=given is not None,
        begun=given,
    )
    return judge(facts, overrides=overrides_of(session_id=session_id))
