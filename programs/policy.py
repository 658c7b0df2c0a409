"""The default policy: proposed values for a clinic's medical director to approve, never applied unapproved.

Beside each value stands where it comes from: "source: …", or "policy, no source" where it is no more than what clinics
do. No published authority sets these figures for racemic ketamine, so every number is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SuicideItem:
    """The item of an instrument that asks about wanting to die: its number from 1, the lowest answer that raises an
    alert, the cause that the alert names, and the highest answer that there is."""

    item: int
    lowest: int
    cause: str
    highest: int = 3

    @property
    def flag(self) -> str:
        """The flag of a measure in which this answer reached the value."""
        return f"item_{self.item}"


# The one list of these items: what raises an alert, what flags a measure, and what the gates take for ideation follow
# from it. The C-SSRS asks about nothing else and has tiers of its own (screening/rules/instruments.py).
SUICIDE_ITEMS: dict[str, SuicideItem] = {
    "phq9": SuicideItem(9, 1, "phq9_item_9"),  # source: PHQ-9 (Kroenke 2001)
    "qids_sr16": SuicideItem(12, 2, "qids_item_12"),  # source: QIDS-SR16; from 2 is policy, no source
    "madrs": SuicideItem(10, 4, "madrs_item_10", highest=6),  # source: MADRS; from 4 is policy, no source
}


def suicide_causes() -> set[str]:
    """What the alerts name that an answer about wanting to die raises."""
    return {row.cause for row in SUICIDE_ITEMS.values()}


BANDS: dict[str, Any] = {
    "bp": {
        "go": [140, 90],  # source: Spravato prescribing information (weigh the risk above it)
        "hold": [160, 100],  # policy, no source
        "red": [180, 110],  # source: Del Sant 2020 (its transient hypertension)
        "red_single": [200, 120],  # policy, no source
        "recheck_min": 5,  # policy, no source
    },
    "hr": {"go": [50, 100], "hold": [45, 110], "red_high": 120, "red_low": 50},  # policy, no source
    "spo2": {"go": 95, "hold": 92, "red": 90, "emergency": 88},  # policy, no source
    "rr": {"go": [10, 20], "hold": [10, 24], "red": [8, 30]},  # policy, no source
    "sedation": {"go": 5, "amber": 3, "red": 2},  # of MOAA/S; policy, no source
    "etco2": {"go": [30, 50], "red": [15, 60]},  # policy, no source
    # outside of these one reading is enough: an emergency before the dose, red after it
    "extreme": {
        "systolic": [80, 250],  # policy, no source
        "diastolic": [40, 150],  # policy, no source
        "heart_rate": [40, 180],  # policy, no source
    },
}
LIMITS: dict[str, Any] = {
    "clearance_days": 365,  # policy, no source
    "clearance_expiring_days": 30,  # before its end a clearance is put on the worklist; policy, no source
    "consent_days": 365,  # policy, no source
    "weight_days": 30,  # policy, no source
    "fasting_within_hours": 24,  # what was said counts from so long before the start; policy, no source
    "weight_change_percent": 10,  # further from the last one a clinician stands for it; policy, no source
    "pdmp_days": 90,  # policy, no source
    "vitals_max_age_min": 60,  # policy, no source
    "reading_tolerance_min": 5,  # policy, no source
    "missed_after_min": 10,  # policy, no source
    "alarm_minutes": 5,  # policy, no source
    "notice_min": 120,  # policy, no source
    "late_entry_min": 60,  # written down longer after it was given a dose is late; policy, no source
    "session_early_min": 180,  # a session's own day is from so long before its start; policy, no source
    "session_late_min": 720,  # until so long after its end; policy, no source
    "note_hours": 72,  # after a session was completed its notes are signed; policy, no source
    "plausible": {  # of vital signs: outside of it a value is told as unusual, and written all the same
        "systolic": [50, 300],  # policy, no source
        "diastolic": [20, 200],  # policy, no source
        "heart_rate": [20, 250],  # policy, no source
        "spo2": [50, 100],  # policy, no source
        "respiratory_rate": [2, 60],  # policy, no source
        "sedation": [0, 5],  # source: the scale MOAA/S
        "etco2": [5, 100],  # policy, no source
        "weight_kg": [25, 350],  # policy, no source
    },
    "vitals_within_baseline_percent": 20,  # policy, no source
    "leaving_vitals_min": 60,  # the last vital signs before going home are no older; policy, no source
    "min_age_years": 18,  # source: Spravato prescribing information (adults)
    "severe_grade": 3,  # source: CTCAE v5 (3 is severe)
    "event_review_hours": 24,  # policy, no source
    "event_phase_hours": [2, 24],  # acute, and of the day; policy, no source
    "event_follow_up_hours": {"1": 0, "2": 72, "3": 24, "4": 24, "5": 24},  # by grade; policy, no source
    "event_root_cause_days": 7,  # policy, no source
    "record_hours": 24,  # policy, no source
    "safety_contact_hours": 24,  # policy, no source
    "home_rest_hours": 24,  # policy, no source
    "maintenance_min_days": 7,  # sessions of maintenance are no nearer to each other; policy, no source
    "min_gap_floor_hours": 48,  # below it nobody overrides the gap (PR4); 0 is off; policy, no source
    "booster_within_min": 180,  # of the first dose: what comes later is another session; policy, no source
    "infusion_min": 40,  # an infusion that was settled without its end; source: Riva-Posse 2018
    "older_adult_years": 65,  # policy, no source
    "screening_bp_days": 30,  # policy, no source
    "instrument_days": 7,  # policy, no source
    "labs_days": 90,  # how long a laboratory result counts; policy, no source
    "ecg_days": 365,  # policy, no source
    "severities": {},  # a clinic's own, by the code of a condition; policy, no source
    "cns_depressants_many": 2,  # policy, no source
    "alert_minutes": 30,  # policy, no source
    "link_hours": 72,  # how long a link that is sent to a client works; policy, no source
    # source: SUICIDE_ITEMS, and what stands beside each
    "alert_items": {name: [row.item, row.lowest] for name, row in SUICIDE_ITEMS.items()},
    "phq9_worsening": 5,  # source: Lowe 2004 (5 points matter)
    "gad7_evaluate": 10,  # source: Spitzer 2006
    "pcl5_cut": 33,  # source: VA National Center for PTSD (31 to 33)
    "audit_c_cut": {"F": 3, "M": 4, "X": 3, "U": 3},  # source: US Core; X and U are policy, no source
    "audit_c_review": 8,  # policy, no source
    "dast10_relative": 3,  # source: Skinner (from 3 moderate)
    "dast10_block": 6,  # source: Skinner (from 6 substantial)
    "outcomes": {  # of the last total against the one before the first dose
        "phq9": {"response_percent": 50, "remission_below": 5, "change": 5},  # source: Lowe 2004
        "qids_sr16": {"response_percent": 50, "remission_below": 6},  # source: Rush 2003
        "madrs": {"response_percent": 50, "remission_below": 11},  # policy, no source
        "pcl5": {"change": 10},  # source: VA National Center for PTSD
    },
    "cadss_back_to": 4,  # source: the esketamine trials (above 4 is dissociation)
}
# The instruments that a protocol may ask for: the keys of screening/rules/instruments.py, which stands above.
MEASURED = ("phq9", "gad7", "pcl5", "cssrs", "audit_c", "dast10", "qids_sr16", "madrs", "cadss", "bprs")
OFFSETS_DAYS = [-1, 1, 3, 7]  # from a dose, of a measure that names none; policy, no source
MEASURES: list[dict[str, Any]] = [
    {"instrument": "phq9", "offsets_days": OFFSETS_DAYS},  # policy, no source
]
# How a readiness gate that is policy counts. `required` blocks the dose until it passes or is overridden; `at_risk`
# blocks where the record shows suicidal ideation and before every dose at home; `advised` never blocks; `off` is not
# asked. These are proposals for racemic ketamine; esketamine and doses at home have fixed gates of their own.
REQUIRED, AT_RISK, ADVISED, OFF = "required", "at_risk", "advised", "off"
GATE_MODES = (REQUIRED, AT_RISK, ADVISED, OFF)
GATES: dict[str, str] = {
    "identifiers": REQUIRED,  # the right person; source: NPSG.01.01.01 (two identifiers)
    "not_intoxicated": REQUIRED,  # sedation adds up with alcohol and other drugs; policy, no source
    "equipment": REQUIRED,  # what an emergency needs is there and works today; policy, no source
    "fasting": REQUIRED,  # vomiting in a sedated client; policy, no source
    "contraindications": REQUIRED,  # since the last dose something may have come up; policy, no source
    "staff": REQUIRED,  # somebody who may watch the client, and for KAP a therapist; policy, no source
    "escort": REQUIRED,  # nobody drives home alone; source: Spravato REMS
    "suicide_screen": AT_RISK,  # before every dose where there is reason, else at intake; policy, no source
    "pdmp": ADVISED,  # the director requires it where it is a duty; source: state law
    "pregnancy_test": OFF,  # asked at screening; where every dose is tested it is required; policy, no source
    "drug_screen": OFF,  # ordered for cause, not for everybody; policy, no source
}
# Gates that no protocol changes: law, the label, or a rule of the house. Those that know a number (preparation,
# minimum_gap, adult) follow the protocol's number; weight stands because a cap per kg can't be held without it.
FIXED_GATES = (
    "program_active",
    "adult",
    "clearance",
    "safety_alert",
    "suicide_risk",
    "adverse_event_review",
    "red_alarm",
    "consent",
    "preparation",
    "integration_done",
    "minimum_gap",
    "order",
    "weight",
    "vitals",
    "home_address",
    "home_emergency",
    "home_dosing",
    "home_risk",
    "home_chaperone",
    "home_video",
    "in_person_visit",
    "rems_enrolment",
    "prescriber_on_site",
    "pulse_oximeter",
)
FASTING: dict[str, Any] = {"solid": 4, "clear": 2}  # hours; policy, no source
INTEGRATION: dict[str, Any] = {"from_hours": 24, "to_hours": 72}  # after the dose; policy, no source
LENGTHS: dict[str, int] = {
    "preparation": 60,  # policy, no source
    "integration": 60,  # policy, no source
    "medical": 30,  # policy, no source
    "maintenance": 60,  # policy, no source
}
SPAN_DAYS = [21, 56]  # three to eight weeks; policy, no source
MIN_GAP_HOURS = 72  # PR4: the integration window of the last dose is over; policy, no source
MIN_PREPARATIONS = 2  # policy, no source
PLANNED_DOSES = 6  # four to six; policy, no source

BY_ROUTE: dict[str, dict[str, Any]] = {
    "intravenous": {
        "checks_min": [0, 10, 20, 30, 40, 55, 70, 85, 100],  # source: Riva-Posse 2018
        "after_end": {"every_min": 15, "until_min": 60},  # from its end; source: Riva-Posse 2018
        "min_stay_min": 60,  # from the end of the last dose, as every stay; source: Szarmach 2020
        "dose": {"warn": "0.75", "cap": "1.0", "unit": "mg/kg"},  # policy, no source
        "dosing_min": 150,  # policy, no source
    },
    "intramuscular": {
        "checks_min": [0, 15, 30, 45, 60, 90],  # source: Del Sant 2020 (to 90 minutes)
        "min_stay_min": 90,  # source: Del Sant 2020 (to 90 minutes)
        "dose": {"warn": "1.0", "cap": "1.5", "unit": "mg/kg"},  # policy, no source
        "dosing_min": 150,  # policy, no source
    },
    "sublingual": {
        "checks_min": [0, 15, 30, 45, 60, 90, 120],  # policy, no source
        "min_stay_min": 120,  # policy, no source
        "dose": {"warn": "300", "cap": "400", "unit": "mg"},  # policy, no source
        "dosing_min": 180,  # policy, no source
    },
    "oral": {
        "checks_min": [0, 15, 30, 45, 60, 90, 120],  # policy, no source
        "min_stay_min": 120,  # policy, no source
        "dose": {"warn": "2.5", "cap": "7", "unit": "mg/kg"},  # source: Andrade 2019 (0.25 to 7)
        "dosing_min": 180,  # policy, no source
    },
    "intranasal": {
        "checks_min": [0, 15, 30, 45, 60, 90],  # policy, no source
        "min_stay_min": 90,  # policy, no source
        "dose": {"warn": "100", "cap": "150", "unit": "mg"},  # policy, no source
        "dosing_min": 150,  # policy, no source
    },
}

# Spravato REMS Patient Monitoring Form: before the first device, about 40 minutes after it, and before the client
# leaves, two hours after it at the earliest. The label fixes this; no protocol changes it.
REMS_CHECKS: dict[str, Any] = {
    "checks_min": [0, 40],  # source: Spravato REMS Patient Monitoring Form
    "before_leaving_min": 120,  # source: Spravato REMS Patient Monitoring Form
}


def limit(limits: Mapping[str, Any], name: str) -> Any:
    """The protocol's value, or the default policy's for a protocol that was approved before there was one."""
    value = limits.get(name)
    return LIMITS[name] if value is None else value


def band(bands: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One table of the protocol's bands over the default policy's: one approved earlier lacks what came later."""
    return {**BANDS[name], **bands.get(name, {})}


def limits_of(route: str) -> dict[str, Any]:
    """The default limits of a route: an infusion has `after_end` beside what every route has."""
    after_end = BY_ROUTE[route].get("after_end")
    return LIMITS if after_end is None else LIMITS | {"after_end": after_end}


def resources(*, program_type: str, dosing_min: int) -> list[dict[str, Any]]:
    """Who a dosing session needs: an NP who may watch several clients, and for KAP the therapist throughout."""
    found = [{"role": "nurse_practitioner", "from_min": 0, "to_min": dosing_min, "mode": "monitor"}]
    if program_type == "kap":
        found.append({"role": "therapist", "from_min": 0, "to_min": dosing_min, "mode": "exclusive"})
    return found


def _over(default: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`given` laid over `default`; a table inside is laid over its default, anything else replaces it."""
    laid = {
        key: _over(default[key], value)
        if isinstance(value, dict) and isinstance(default.get(key), dict)
        else value
        for key, value in given.items()
    }
    return default | laid


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """`values` of a protocol with every default that it leaves out; nested tables are merged key by key."""
    route = BY_ROUTE[values["route"]]
    lengths = LENGTHS | {"dosing": route["dosing_min"]} | dict(values.get("lengths_min") or {})
    defaults = {
        "planned_doses": PLANNED_DOSES,
        "min_gap_hours": MIN_GAP_HOURS,
        "span_days": SPAN_DAYS,
        "min_preparations": MIN_PREPARATIONS if values["program_type"] == "kap" else 0,
        "checks_min": route["checks_min"],
        "min_stay_min": route["min_stay_min"],
        "dose": route["dose"],
        "resources": resources(program_type=values["program_type"], dosing_min=lengths["dosing"]),
        "home_dosing": False,
        "measures": MEASURES,
    }
    merged = {
        "integration": INTEGRATION | dict(values.get("integration") or {}),
        "fasting_hours": FASTING | dict(values.get("fasting_hours") or {}),
        "lengths_min": lengths,
        "bands": _over(BANDS, values.get("bands") or {}),
        "limits": _over(limits_of(values["route"]), values.get("limits") or {}),
        "gates": GATES | dict(values.get("gates") or {}),
    }
    if values.get("measures") is not None:
        rows = [{"offsets_days": OFFSETS_DAYS} | dict(row) for row in values["measures"]]
        return defaults | values | merged | {"measures": rows}
    return defaults | values | merged
