"""Gathers what the gates look at, in a number of queries that does not grow with the record, and has it judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kapclinic.practice.models import Role, SessionKind
from programs import policy
from programs.models import Modality
from programs.policy import limit
from programs.rules import legal
from programs.selectors import status_at, with_shipped
from screening import selectors as screening
from screening.models import Clearance, Consent, Measure, SafetyAlert
from screening.models.alerts import HOLDING
from screening.rules.suspensions import in_words
from sessions.booking.models import Session
from sessions.booking.rules.said import PDMP, counts_from, judged_at
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
    tests_that_count,
)
from sessions.dosing.gates.judge import Readiness, judge
from sessions.dosing.models import Attestation, AttestationCode, Order
from sessions.dosing.rules import amounts, esketamine
from sessions.monitoring import selectors as monitoring
from sessions.monitoring.models import Alarm
from sessions.monitoring.rules import is_complete, latest_bands, worst


# Any: all else that `gather` takes
def judged(
    session: Session, *, moment: datetime, record: selectors.Record | None = None, **asked: Any
) -> Readiness:
    """The gates by the facts of `gather` and the overrides that were said for the day on which the session is now."""
    record = record or record_of(session, moment=moment)
    said = {
        row.gate: Override(row.reason, row.created_by, row.role, row.created_at) for row in record.overrides
    }
    return judge(gather(session=session, moment=moment, record=record, **asked), overrides=said)


def gather(
    *,
    session: Session,
    moment: datetime,
    at: datetime,
    dosing_now: bool,
    order: Order | None = None,
    begun: datetime | None = None,
    written_at: datetime | None = None,
    record: selectors.Record | None = None,
    orders: Sequence[Order] | None = None,
) -> Facts:
    """All facts of the gates for a dose at `moment`.

    `dosing_now` says that a dose is being recorded; looking at a session of the past (late entry), the age of its
    vital signs is not judged against the present. `order` is the one that the dose names, else the one of `moment`.
    `begun` is the time of the session's first dose; a dose after it is a booster, which looks at what came since.
    `written_at` is when the dose was written down, now unless it stands already. `record` is `record_of` this moment;
    `orders` are all of the session, where the caller has read them.
    """
    moment = moment.astimezone(session.location.zone)  # ages and clearances count by the clinic's own date
    if orders is not None:
        order = selectors.order_among(orders, moment=moment)
    elif order is None:
        order = selectors.order_at(session_id=session.pk, moment=moment)
    given = order is not None and esketamine.is_esketamine(order.drug)
    record = record or record_of(session, moment=moment)
    record = record.until(moment) if dosing_now else record
    facts = Facts(
        moment=moment,
        begun=begun,
        entered_late=is_entered_late(session, moment=moment, at=written_at or at),
        starts_at=session.starts_at,
        program_status=status_at(session.program, moment=moment if dosing_now else at),
        vitals=_vitals(record, session, begun or moment),
        vitals_age_counts=dosing_now or session.ends_at >= at,
        esketamine=given,
    )
    facts = _with_policy(facts, session)
    facts = _with_course(facts, session, record)
    facts = _with_alarms(facts, session, record)
    facts = _with_screening(facts, session, record)
    facts = _with_order(facts, order, session)
    facts = _with_kept_words(facts, session, record.words)
    if session.modality == Modality.VIDEO:
        day = moment if dosing_now else max(moment, session.starts_at)  # of a dose to come, its own
        facts = _with_law(facts, session, record, day=day)
    return _with_visit(facts, session, record.words)


def record_of(session: Session, *, moment: datetime) -> selectors.Record:
    """What the gates look at for a dose at `moment`: by the clinic's own clock, which dates are counted by."""
    return selectors.record(session, moment=moment.astimezone(session.location.zone))


def is_entered_late(session: Session, *, moment: datetime, at: datetime) -> bool:
    """Is a dose of `moment` that is written down at `at` a late entry, by the protocol's `late_entry_min`?"""
    late_min = limit(session.program.protocol.limits, "late_entry_min")
    return at - moment > timedelta(minutes=late_min)


def _with_policy(facts: Facts, session: Session) -> Facts:
    """What the protocol asks; under esketamine what its label asks instead."""
    protocol = session.program.protocol
    age = protocol.limits["min_age_years"]
    return replace(
        facts,
        is_kap=protocol.owes_integration,
        home_dosing=protocol.home_dosing,
        modes=protocol.gate_modes,
        limits=protocol.limits,
        min_preparations=protocol.min_preparations,
        min_gap_hours=session.program.gap_hours,
        min_age_years=max(age, esketamine.ADULT_YEARS) if facts.esketamine else age,
        vitals_max_age_min=protocol.limits["vitals_max_age_min"],
        weight_days=protocol.limits["weight_days"],
        pdmp_days=limit(protocol.limits, "pdmp_days"),
        gap_floor_hours=limit(protocol.limits, "min_gap_floor_hours"),
        clear_hours=protocol.fasting_hours.get("clear", 0),
        fasting_hours=esketamine.SOLID_HOURS if facts.esketamine else protocol.fasting_hours["solid"],
        needs_weight=protocol.dose["unit"] == "mg/kg",
        needs_prescriber=any(row["role"] == Role.PRESCRIBER for row in protocol.resources),
    )


def _is_booster(moment: datetime, begun: datetime | None) -> bool:
    return begun is not None and moment > begun


def _with_alarms(facts: Facts, session: Session, record: selectors.Record) -> Facts:
    """Red alarms of before this dose that nobody acknowledged. A reading's count before a booster, with the last one;
    before the first dose they have a gate of their own, and what somebody rang for by hand is left.
    """
    moment, begun = facts.moment, facts.begun
    if begun is None or not _is_booster(moment, begun):
        return replace(facts, red_alarms=record.red_alarms.count(Alarm.Cause.TRIGGER))
    readings = monitoring.readings_after(session=session, dosed_at=begun, standing=record.readings)
    bands = [(monitoring.vitals_of(row), row.bands) for row in readings if row.measured_at <= moment]
    return replace(
        facts,
        booster=True,
        red_alarms=len(record.red_alarms),
        red_reading=worst(latest_bands(bands)) == "red",
    )


def _with_course(facts: Facts, session: Session, record: selectors.Record) -> Facts:
    """What came before this session. What holds a dose back is the client's, of every program, also of one that ended:
    earlier doses, what they owe, what went wrong. What permits it is the program's (PR7).
    """
    program, moment = session.program, facts.moment
    before = max((at for at in record.doses_elsewhere if at <= moment), default=None)
    after = None  # a dose to come can be too near only to one that is written up late
    if not facts.begun:
        after = min((at for at in record.doses_elsewhere if at > moment), default=None)
    own = None if _is_booster(moment, facts.begun) else session.pk
    unreviewed = [at for of, at in record.unreviewed if at < moment or (at == moment and of != own)]
    grade = program.protocol.limits["severe_grade"]
    return replace(
        facts,
        client_age=session.client.age_at(moment),
        has_therapist=program.therapist_id is not None,
        preparations_done=sum(row["n"] for row in record.preparations),
        earlier_integration_open=bool(record.owed_elsewhere),
        last_dosed_at=before,
        next_dosed_at=after,
        severe_event=any(serious or graded >= grade for graded, serious in record.graded),
        unreviewed_events=len(unreviewed),
    )


def _with_kept_words(facts: Facts, session: Session, words: Sequence[Attestation]) -> Facts:
    """What holds for the client beyond one day: the monitoring program's answer (some days), the REMS enrolment."""
    since = counts_from(PDMP, start=facts.moment, limits=facts.limits)
    pdmp = _last_word(words, AttestationCode.PDMP, own=session.pk, until=facts.moment)
    return replace(
        facts,
        pdmp=pdmp if pdmp and pdmp.at and pdmp.at >= since else None,
        rems_enrolment=_last_word(words, AttestationCode.REMS_ENROLMENT, own=session.pk, until=facts.moment),
    )


def _with_law(facts: Facts, session: Session, record: selectors.Record, *, day: datetime) -> Facts:
    """Does the law ask for a visit in person on that day, at the clinic or where the client is, and was there one?"""
    place = session.client_location or {}
    where = legal.jurisdictions(session.location.address.get("state"), place.get("state"))
    said = legal.verdict(
        with_shipped(record.laws), where=where, day=day.astimezone(session.location.zone).date()
    )
    seen = _attested_visit(record.words, own=session.pk, until=facts.moment)
    for visit, starts_at, completed_at in record.visits:
        on = f"Seen in person on {starts_at.astimezone(session.location.zone):%Y-%m-%d}"
        seen = Proof(on, "record", at=completed_at, ref=visit)
    return replace(facts, visit_required=said.required, visit_law=said.words, seen_in_person=seen)


def _attested_visit(words: Sequence[Attestation], *, own: UUID, until: datetime) -> Proof | None:
    word = _newest(words, AttestationCode.IN_PERSON_VISIT, own=own, until=until)
    if word is None or not word.value or word.visited_on is None or word.visited_on > until.date():
        return None
    text = f"Seen in person on {word.visited_on}, {word.place}"
    return Proof(text, "attestation", by=word.by_id, at=word.at)


def _newest(words: Sequence[Attestation], code: str, *, own: UUID, until: datetime) -> Attestation | None:
    """The newest word on `code` in `words` (oldest first).

    A word after `until` counts only on the session `own` itself, whose dose may be written up late.
    """
    heard = [row for row in words if row.code == code and (row.at <= until or row.session_id == own)]
    return heard[-1] if heard else None


def _last_word(words: Sequence[Attestation], code: str, *, own: UUID, until: datetime) -> Proof | None:
    """The newest word on `code`, if it is yes."""
    word = _newest(words, code, own=own, until=until)
    return Proof("Attested", "attestation", by=word.by_id, at=word.at) if word and word.value else None


def _with_screening(facts: Facts, session: Session, record: selectors.Record) -> Facts:
    """What screening says: clearance, consent, alerts; what the check-in said; whether the record shows ideation."""
    program_id, moment = session.program_id, facts.moment
    clearance = screening.current_of(record.clearances, program_id=program_id, at=moment)
    signed = record.consents
    consent = screening.consent_of(signed, program=session.program, document=selectors.CONSENT, at=moment)
    latest = {row.instrument: row for row in record.measures}
    stated = _stated(clearance)
    told = [(key, row.band, row.flags) for key, row in latest.items()]
    facts = replace(
        facts,
        tests=tests_that_count(facts, record.tests),
        open_concerns=len(record.concerns),
        stated_ideation=stated,
        at_risk=shows_ideation(told, stated=stated),
        consent=_signed(consent),
    )
    facts = _with_alerts(facts, latest.get(CSSRS), record.alerts)
    if clearance is None:
        reasons = screening.suspended_by(
            record.clearances, record.suspensions, program_id=program_id, at=moment
        )
        return replace(facts, suspended_by=in_words(reasons, zone=session.location.zone))
    return _with_clearance(facts, clearance)


def _signed(consent: Consent | None) -> Proof | None:
    if consent is None:
        return None
    return Proof("Signed", "consent", by=consent.collected_by_id, at=consent.signed_at, ref=consent.pk)


def _with_alerts(facts: Facts, screener: Measure | None, alerts: Sequence[Any]) -> Facts:
    """What waits or is released for the client, in whatever program; the last C-SSRS, and what asks for one today."""
    waiting = {row.measure_id for row in alerts if row.status == SafetyAlert.Status.OPEN}
    facts = replace(
        facts,
        open_alerts=sum(row.status == SafetyAlert.Status.OPEN for row in alerts),
        unreleased=tuple(sorted(row.cause for row in alerts if row.cause in HOLDING and row.release is None)),
        released=_last_release(alerts),
        asked_at=_asked_at(alerts, facts),
    )
    if screener is None:
        return facts
    by, at, tier = screener.created_by, screener.taken_at, screener.band
    return replace(
        facts,
        cssrs=Proof(f"C-SSRS: {tier}", "measure", by=by, at=at, ref=screener.pk),
        cssrs_tier=tier,
        cssrs_alert_open=screener.pk in waiting,
    )


def _last_release(alerts: Sequence[Any]) -> Proof | None:
    rows = [row for row in alerts if row.release is not None]
    if not rows:
        return None
    last = max(rows, key=lambda row: row.released_at)
    return Proof("Released", "release", by=last.released_by, at=last.released_at, ref=last.release)


def _asked_at(alerts: Sequence[Any], facts: Facts) -> datetime | None:
    """The last answer of the dose's own day that asks for a C-SSRS; not one of a measure that was voided."""
    causes, zone = policy.suicide_causes(), facts.moment.tzinfo
    asking = [row.measure for row in alerts if row.cause in causes and row.measure is not None]
    taken = [measure.taken_at for measure in asking if not hasattr(measure, "void")]
    return max((at for at in taken if at.astimezone(zone).date() == facts.day), default=None)


def _stated(clearance: Clearance | None) -> bool:
    answer = clearance.screening.answers.get("PSY_SI") if clearance else None
    return (answer.get("value") if isinstance(answer, Mapping) else answer) is True


def _with_clearance(facts: Facts, clearance: Clearance) -> Facts:
    decided, until = clearance.screening, f"Cleared until {clearance.expires_on}"
    by, at = screening.decided_by(clearance), screening.decided_at(clearance)
    return replace(
        facts,
        cleared_until=clearance.expires_on,
        clearance=Proof(until, "clearance", by=by, at=at, ref=clearance.pk),
        screened_at=decided.submitted_at,
        screening=Proof(
            "Screened", "screening", by=decided.created_by, at=decided.submitted_at, ref=decided.pk
        ),
    )


def _with_order(facts: Facts, order: Order | None, session: Session) -> Facts:
    """The order, and what speaks against it; one by weight also asks for the weight, and for the same one."""
    if order is None:
        return replace(facts, order_problem="No order.")
    by_weight = facts.needs_weight or order.by_weight
    percent = limit(session.program.protocol.limits, "weight_change_percent")
    weight = amounts.weight_for_doses(session)
    problem = amounts.order_problem(order, moment=facts.moment)
    if not problem and by_weight and amounts.outweighed(order, weight_kg=weight, percent=percent):
        problem = "The order was reckoned with another weight: a prescriber writes it anew."
    text = f"Order of {order.dose_mg:f} mg, {order.route}"
    return replace(
        facts,
        order=Proof(text, "order", by=order.prescriber_id, at=selectors.complete_at(order), ref=order.pk),
        order_problem=problem,
        needs_weight=by_weight,
    )


def _with_visit(facts: Facts, session: Session, words: Sequence[Attestation]) -> Facts:
    """What staff noted on the session itself; of each code the latest word."""
    own = (row for row in words if row.session_id == session.pk)
    return replace(
        facts,
        said={row.code: Said(row.value, row.by_id, row.at) for row in own},
        staff_roles=frozenset(row["role"] for row in session.staff),
        modality=session.modality,
        escort=session.escort,
        escort_confirmed_at=session.escort_confirmed_at,
        client_location=session.client_location,
        fasting_since=session.fasting_since,
        weight_kg=session.weight_kg,
        weighed_at=session.weighed_at,
        weight_source=session.weight_source,
        weight_problem=amounts.weight_problem(session),
    )


def _vitals(record: selectors.Record, session: Session, moment: datetime) -> Vitals | None:
    """The readings up to the first dose, judged as pre-dose ones also when the dose was entered anew for later."""
    taken = [copy(row) for row in record.readings if row.measured_at <= moment]
    readings = [
        Vitals(
            systolic=row.systolic,
            diastolic=row.diastolic,
            spo2=row.spo2,
            measured_at=row.measured_at,
            bands=row.bands,
            by=row.recorded_by_id,
            ref=row.pk,
            complete=is_complete(monitoring.vitals_of(row)),
        )
        for row in monitoring.as_dosed(taken, session=session, dosed_at=None, standing=record.readings)
    ]
    rest = session.program.protocol.bands["bp"]["recheck_min"]
    local = moment.astimezone(session.location.zone)
    return judged_reading(readings, recheck_min=rest, moment=local, elsewhere=record.read_elsewhere)


def readiness(*, session_id: UUID, at: datetime, opened: selectors.Opened | None = None) -> Readiness:
    """Every gate of a dosing session as it stands now; for another kind of session there are none."""
    opened = opened or selectors.opened(session_id=session_id)
    if opened is None:
        raise Session.DoesNotExist
    session = opened.session
    if session.kind != SessionKind.DOSING:
        return Readiness()
    dose = next(iter(opened.doses), None)
    given = dose.administered_at if dose else None
    return judged(
        session,
        moment=given or judged_at(session.ends_at, zone=session.location.zone, at=at),
        at=at,
        dosing_now=given is not None,
        begun=given,
        written_at=dose.recorded_at if dose else None,
        orders=opened.orders,
    )
