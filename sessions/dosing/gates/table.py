"""The readiness gates, in the order in which staff clear them.

The gates, who clears them and who may override them are one table, readable by a nurse (clinical policy 2.2). How a
gate that is policy counts is the protocol's word (programs/policy.py, GATES).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from kapclinic.practice.models import Role
from sessions.dosing.gates import conditions as c
from sessions.dosing.gates.facts import Facts, Proof

NP, THERAPIST, PRESCRIBER, DESK = Role.NURSE_PRACTITIONER, Role.THERAPIST, Role.PRESCRIBER, Role.FRONT_DESK
DIRECTOR = Role.MEDICAL_DIRECTOR
CLINICIANS = (NP, THERAPIST, PRESCRIBER, DIRECTOR)
STAFF = (DESK, NP, THERAPIST, PRESCRIBER)
VITALS = "vitals"
NOBODY: tuple[str, ...] = ()


def _nobody(_: Facts) -> tuple[str, ...]:
    return NOBODY


def _prescriber(_: Facts) -> tuple[str, ...]:
    return (PRESCRIBER,)


def _unless_denied(code: str) -> Callable[[Facts], tuple[str, ...]]:
    return lambda f: NOBODY if f.denied(code) else (PRESCRIBER,)


def _unless_home(f: Facts) -> tuple[str, ...]:
    return NOBODY if f.at_home else (PRESCRIBER,)


def _vitals_override(f: Facts) -> tuple[str, ...]:
    """A prescriber decides on REVIEW and after a HOLD of the day; nobody on a reading of HOLD (clinical policy 3.1)."""
    return (PRESCRIBER,) if c.vitals_for_a_prescriber(f) else NOBODY


def _never(_: Facts) -> bool:
    return False


@dataclass(frozen=True)
class Gate:
    """One condition of the dose: what the front desk reads, whether it is clinical, who clears, who may override.

    `stands`: it counts whatever the protocol's mode says. `proof` is asked only of a gate that passes. `is_paper`: what
    clears it may have been written after the dose. `news`: when something came that an override before it did not know.
    """

    code: str
    label: str
    passes: Callable[[Facts], bool]
    detail: Callable[[Facts], str]
    who_can_clear: tuple[str, ...]
    overridable_by: Callable[[Facts], tuple[str, ...]] = _nobody
    applies: Callable[[Facts], bool] = field(default=lambda _: True)
    proof: Callable[[Facts], Proof | None] = field(default=lambda _: None)
    stands: Callable[[Facts], bool] = _never
    news: Callable[[Facts], datetime | None] = field(default=lambda _: None)
    clinical: bool = True
    is_paper: bool = False


def _attested(code: str, label: str, wanted: str, *, asked_at_home: bool = True) -> Gate:
    """A gate that a clinician's word of the day clears."""
    return Gate(
        code,
        label,
        lambda f: f.affirmed(code),
        lambda f: c.wanted_detail(f, code, wanted),
        CLINICIANS,
        _prescriber,
        applies=lambda f: asked_at_home or not f.at_home,
        proof=c.word_of(code),
        news=c.denied_at(code),
    )


def _tested(code: str, label: str, wanted: str) -> Gate:
    """A gate that a negative test clears, or a clinician's word of the day where no positive one stands."""
    return Gate(
        code,
        label,
        c.tested(code),
        c.tested_detail(code, wanted),
        CLINICIANS,
        _prescriber,
        proof=c.tested_by(code),
        news=c.tested_against_at(code),
    )


GATES: tuple[Gate, ...] = (
    Gate(
        "program_active",
        "The program is active",
        lambda f: f.program_status == "active",
        lambda f: f"The program is {f.program_status.replace('_', ' ')}.",
        CLINICIANS,
        clinical=False,
    ),
    Gate(
        "adult",
        "The client is an adult",
        lambda f: f.client_age >= f.min_age_years,
        lambda f: f"The client is {f.client_age} years old.",
        (),
    ),
    Gate(
        "clearance",
        "A prescriber has cleared the client",
        lambda f: f.cleared_until is not None and f.cleared_until >= f.moment.date() and not f.suspended_by,
        c.clearance_detail,
        (PRESCRIBER,),
        proof=lambda f: f.clearance,
        is_paper=True,
    ),
    Gate(
        "safety_alert",
        "No safety alert waits",
        lambda f: not f.open_alerts and not f.open_concerns,
        c.alert_detail,
        CLINICIANS,
    ),
    Gate(
        "suicide_risk",
        "No suicide risk waits to be released",
        lambda f: not f.unreleased,
        c.risk_detail,
        (THERAPIST, PRESCRIBER),
        proof=lambda f: f.released,
    ),
    Gate(
        "adverse_event_review",
        "Severe adverse events are reviewed",
        lambda f: f.unreviewed_events == 0,
        lambda f: (
            f"{f.unreviewed_events} severe or serious event(s) wait: the medical director reviews each at "
            "sessions/{id}/adverse-events/{id}/review/ with `hold_released`."
            if f.unreviewed_events
            else "None waits."
        ),
        (DIRECTOR,),
    ),
    Gate(
        "red_alarm",
        "No red alarm of this session is open",
        lambda f: not f.red_alarms and not f.red_reading,
        c.red_detail,
        CLINICIANS,
        applies=lambda f: f.booster or f.red_alarms > 0,
    ),
    Gate(
        "suicide_screen",
        "The suicide screener of today is done",
        c.screened_today,
        c.screen_detail,
        CLINICIANS,
        _prescriber,
        proof=lambda f: f.cssrs,
        stands=lambda f: f.at_home or f.asked_at is not None,
        news=lambda f: f.asked_at,
    ),
    Gate(
        "consent",
        "The treatment consent is signed",
        lambda f: f.consent is not None,
        lambda f: "Signed." if f.consent else "No signed, current kap_treatment consent.",
        STAFF,
        proof=lambda f: f.consent,
        clinical=False,
        is_paper=True,
    ),
    Gate(
        "preparation",
        "Preparation is done",
        lambda f: f.preparations_done >= f.min_preparations,
        lambda f: f"{f.preparations_done} of {f.min_preparations} preparation sessions completed.",
        (THERAPIST,),
        _prescriber,
        applies=lambda f: f.is_kap,
        clinical=False,
    ),
    Gate(
        "integration_done",
        "The integration of the earlier dose is done",
        lambda f: not f.earlier_integration_open,
        lambda f: "An earlier integration is owed." if f.earlier_integration_open else "Nothing is owed.",
        (THERAPIST, PRESCRIBER),
        applies=lambda f: f.is_kap or f.earlier_integration_open,
        clinical=False,
    ),
    Gate(
        "minimum_gap",
        "The minimum gap since the last dose is over",
        c.gap_over,
        c.gap_detail,
        (),
        lambda f: (PRESCRIBER,) if c.gap_above_floor(f) else NOBODY,
    ),
    Gate(
        "order",
        "A prescriber's order is there",
        lambda f: f.order is not None and not f.order_problem,
        lambda f: f.order_problem or "Valid.",
        (PRESCRIBER,),
        proof=lambda f: f.order,
        is_paper=True,
    ),
    Gate(
        "pdmp",
        "The prescription monitoring program was checked",
        lambda f: f.pdmp is not None,
        lambda f: f"Check it and attest `pdmp`: at most {f.pdmp_days} days ago.",
        (NP, PRESCRIBER),
        _prescriber,
        proof=lambda f: f.pdmp,
    ),
    _attested("identifiers", "The client is identified", "Match two identifiers, then attest `identifiers`."),
    Gate(
        "not_intoxicated",
        "The client is not intoxicated",
        lambda f: f.affirmed("not_intoxicated"),
        lambda f: c.attested_detail(f, "not_intoxicated", "The client is intoxicated: no dose today."),
        CLINICIANS,
        _unless_denied("not_intoxicated"),
        proof=c.word_of("not_intoxicated"),
        stands=lambda f: f.denied("not_intoxicated"),
    ),
    Gate(
        "contraindications",
        "Contraindications were asked about since the last dose",
        c.rescreened,
        lambda f: c.attested_detail(f, "contraindications", "A new contraindication: screen again."),
        CLINICIANS,
        _unless_denied("contraindications"),
        proof=c.rescreened_by,
        stands=lambda f: f.denied("contraindications"),
    ),
    Gate(
        "fasting",
        "The client has fasted",
        c.fasted,
        c.fasting_detail,
        CLINICIANS,
        _prescriber,
        proof=c.fasted_by,
        stands=lambda f: f.esketamine,
        news=c.eaten_at,
    ),
    _tested("pregnancy_test", "The pregnancy test allows it", "Test, or say that it does not apply."),
    _tested("drug_screen", "The drug screen allows it", "Test, or attest `drug_screen`."),
    Gate(
        "weight",
        "The weight is recent",
        c.weight_recent,
        c.weight_detail,
        (NP, PRESCRIBER),
        applies=lambda f: f.needs_weight,
        proof=lambda f: Proof(f"{f.weight_kg} kg, {f.weight_source}", "record", at=f.weighed_at),
    ),
    _attested(
        "equipment",
        "The emergency equipment was checked today",
        "Check it, then attest `equipment`.",
        asked_at_home=False,
    ),
    Gate(
        "staff",
        "Qualified staff are there",
        lambda f: not c.staff_missing(f),
        lambda f: f"Missing: {c.staff_missing(f)}." if c.staff_missing(f) else "There.",
        STAFF,
        _prescriber,
        clinical=False,
    ),
    Gate(
        "rems_enrolment",
        "The client is enrolled and the site certified with the Spravato REMS",
        lambda f: f.rems_enrolment is not None,
        lambda f: "Said." if f.rems_enrolment else "Esketamine: enrol, then attest `rems_enrolment`, once.",
        CLINICIANS,
        applies=lambda f: f.esketamine,
        proof=lambda f: f.rems_enrolment,
    ),
    Gate(
        "prescriber_on_site",
        "A prescriber is on site",
        c.prescriber_there,
        lambda f: "There." if c.prescriber_there(f) else "Esketamine: attest `prescriber_on_site`.",
        CLINICIANS,
        applies=lambda f: f.esketamine,
        proof=c.word_of("prescriber_on_site"),
    ),
    Gate(
        "pulse_oximeter",
        "A pulse oximeter is in use",
        lambda f: f.vitals is not None and f.vitals.spo2 is not None,
        lambda _: "Esketamine: the reading before the dose holds SpO2.",
        (NP, PRESCRIBER),
        applies=lambda f: f.esketamine,
        proof=c.reading_of,
    ),
    Gate(
        VITALS,
        "Vital signs before the dose are in band",
        c.vitals_pass,
        c.vitals_detail,
        (NP, PRESCRIBER),
        _vitals_override,
        proof=c.reading_of,
        news=lambda f: f.vitals.measured_at if f.vitals else None,
    ),
    Gate(
        "escort",
        "Somebody takes the client home",
        c.escort_named,
        c.escort_detail,
        STAFF,
        _unless_home,
        proof=c.escort_by,
        stands=lambda f: f.at_home or f.esketamine,
        clinical=False,
    ),
    Gate(
        "home_address",
        "The client's address is known",
        lambda f: not c.missing_of(f, c.PLACE),
        lambda f: f"Missing: {c.missing_of(f, c.PLACE)}." if c.missing_of(f, c.PLACE) else "Known.",
        STAFF,
        applies=lambda f: f.at_home,
        clinical=False,
    ),
    Gate(
        "home_emergency",
        "The help near the client is known",
        lambda f: not c.missing_of(f, c.HELP),
        lambda f: f"Missing: {c.missing_of(f, c.HELP)}." if c.missing_of(f, c.HELP) else "Known.",
        STAFF,
        _prescriber,
        applies=lambda f: f.at_home,
        clinical=False,
    ),
    Gate(
        "home_dosing",
        "Dosing at home is possible",
        lambda f: f.home_dosing and not f.severe_event,
        lambda f: "A severe adverse event stands." if f.severe_event else "The protocol decides.",
        (PRESCRIBER, DIRECTOR),
        applies=lambda f: f.at_home,
    ),
    Gate(
        "home_risk",
        "The suicide screener allows a dose at home",
        c.home_risk_low,
        c.home_risk_detail,
        CLINICIANS,
        applies=lambda f: f.at_home,
        proof=lambda f: f.cssrs,
    ),
    Gate(
        "home_chaperone",
        "The adult with the client is trained",
        lambda f: f.affirmed("chaperone_trained"),
        lambda f: c.attested_detail(f, "chaperone_trained", "The chaperone is not trained."),
        CLINICIANS,
        _unless_denied("chaperone_trained"),
        applies=lambda f: f.at_home,
        proof=c.word_of("chaperone_trained"),
    ),
    Gate(
        "home_video",
        "The video is on",
        lambda f: f.affirmed("video_on"),
        lambda f: c.attested_detail(f, "video_on", "The video is off."),
        CLINICIANS,
        _unless_denied("video_on"),
        applies=lambda f: f.at_home,
        proof=c.word_of("video_on"),
    ),
    Gate(
        "in_person_visit",
        "The practice has seen the client in person",
        lambda f: f.seen_in_person is not None or not f.visit_required,
        c.visit_detail,
        CLINICIANS,
        applies=lambda f: f.at_home,
        proof=lambda f: f.seen_in_person,
        clinical=False,
    ),
)
