"""The default policy: proposed values for a clinic's medical director to approve, never applied unapproved.

Sources: facts on esketamine and racemic ketamine practice, the APA consensus statement (Sanacora 2017, JAMA
Psychiatry 74:399), clinic protocols; none is an authority for racemic ketamine, so every number is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SuicideItem:
    """The item of an instrument that asks about wanting to die: its number from 1, the lowest answer that raises an
    alert, and the cause that the alert names."""

    item: int
    lowest: int
    cause: str

    @property
    def flag(self) -> str:
        """The flag of a measure in which this answer reached the value."""
        return f"item_{self.item}"


# The one list of these items: what raises an alert, what flags a measure, and what the gates take for ideation follow
# from it. The C-SSRS asks about nothing else and has tiers of its own (screening/rules/instruments.py).
SUICIDE_ITEMS: dict[str, SuicideItem] = {
    "phq9": SuicideItem(9, 1, "phq9_item_9"),
    "qids_sr16": SuicideItem(12, 2, "qids_item_12"),
    "madrs": SuicideItem(10, 4, "madrs_item_10"),
}


def suicide_causes() -> set[str]:
    """What the alerts name that an answer about wanting to die raises."""
    return {row.cause for row in SUICIDE_ITEMS.values()}


BANDS: dict[str, Any] = {
    "bp": {
        "go": [140, 90],
        "hold": [160, 100],
        "red": [180, 110],
        "red_single": [200, 120],
        "recheck_min": 5,
    },
    "hr": {"go": [50, 100], "hold": [45, 110], "red_high": 120, "red_low": 50},
    "spo2": {"go": 95, "hold": 92, "red": 90, "emergency": 88},
    "rr": {"go": [10, 20], "hold": [10, 24], "red": [8, 30]},
    "sedation": {"go": 5, "amber": 3, "red": 2},
    "etco2": {"go": [30, 50], "red": [15, 60]},
    # outside of these one reading is enough: an emergency before the dose, red after it
    "extreme": {"systolic": [80, 250], "diastolic": [40, 150], "heart_rate": [40, 180]},
}
LIMITS: dict[str, Any] = {
    "clearance_days": 365,
    "clearance_expiring_days": 30,  # how long before its end a clearance is put on the worklist
    "consent_days": 365,
    "weight_days": 30,
    "fasting_within_hours": 24,  # what was said of fasting counts from so long before the start of the session
    "weight_change_percent": 10,  # more than so far from the client's last one a clinician stands for a weight
    "pdmp_days": 90,
    "vitals_max_age_min": 60,
    "reading_tolerance_min": 5,
    "missed_after_min": 10,
    "alarm_minutes": 5,
    "notice_min": 120,
    "late_entry_min": 60,  # a dose that is written down longer after it was given is entered late
    "session_early_min": 180,  # what happens in a session happens from so long before its start
    "session_late_min": 720,  # until so long after its end
    "note_hours": 72,  # after a session was completed its notes are signed; policy, no source
    "plausible": {  # of vital signs: outside of it a value is told as unusual, and written all the same
        "systolic": [50, 300],
        "diastolic": [20, 200],
        "heart_rate": [20, 250],
        "spo2": [50, 100],
        "respiratory_rate": [2, 60],
        "sedation": [0, 5],
        "etco2": [5, 100],
        "weight_kg": [25, 350],
    },
    "vitals_within_baseline_percent": 20,
    "leaving_vitals_min": 60,  # the last vital signs before going home are no older
    "min_age_years": 18,
    "severe_grade": 3,
    "event_review_hours": 24,
    "event_phase_hours": [2, 24],
    "event_follow_up_hours": {"1": 0, "2": 72, "3": 24, "4": 24, "5": 24},
    "event_root_cause_days": 7,
    "record_hours": 24,
    "safety_contact_hours": 24,
    "home_rest_hours": 24,
    "maintenance_min_days": 7,  # maintenance sessions are no nearer to each other: as seldom as the response holds
    "min_gap_floor_hours": 0,  # below it nobody overrides the gap; 0 is off, PR4 proposes 48
    "booster_within_min": 180,  # of the first dose: what comes later is another session
    "infusion_min": 40,  # how long an infusion runs that was settled without its end
    "older_adult_years": 65,
    "screening_bp_days": 30,
    "instrument_days": 7,
    "labs_days": 90,  # how long a laboratory result counts; policy, no source
    "ecg_days": 365,  # policy, no source
    "severities": {},
    "cns_depressants_many": 2,
    "alert_minutes": 30,
    "link_hours": 72,  # how long a link that is sent to a client works; policy, no source
    "alert_items": {name: [row.item, row.lowest] for name, row in SUICIDE_ITEMS.items()},
    "phq9_worsening": 5,
    "gad7_evaluate": 10,
    "pcl5_cut": 33,
    "audit_c_cut": {"F": 3, "M": 4, "X": 3, "U": 3},
    "audit_c_review": 8,
    "dast10_relative": 3,
    "dast10_block": 6,
    "cadss_back_to": 4,
}
# How a readiness gate that is policy counts. `required` blocks the dose until it passes or is overridden; `at_risk`
# blocks where the record shows suicidal ideation and before every dose at home; `advised` never blocks; `off` is not
# asked. These are proposals for racemic ketamine; esketamine and doses at home have fixed gates of their own.
REQUIRED, AT_RISK, ADVISED, OFF = "required", "at_risk", "advised", "off"
GATE_MODES = (REQUIRED, AT_RISK, ADVISED, OFF)
GATES: dict[str, str] = {
    "identifiers": REQUIRED,  # the right person: two identifiers (NPSG.01.01.01)
    "not_intoxicated": REQUIRED,  # sedation adds up with alcohol and other drugs
    "equipment": REQUIRED,  # what an emergency needs is there and works today
    "fasting": REQUIRED,  # vomiting in a sedated client
    "contraindications": REQUIRED,  # since the last dose something may have come up
    "staff": REQUIRED,  # somebody who may watch the client, and for KAP a therapist
    "escort": REQUIRED,  # nobody drives home alone
    "suicide_screen": AT_RISK,  # a screener before every dose where there is reason; elsewhere at intake is enough
    "pdmp": ADVISED,  # the duty is state law, which differs: the director requires it where it holds
    "pregnancy_test": OFF,  # asked at screening; a clinic that tests before every dose requires it
    "drug_screen": OFF,  # ordered for cause, not for everybody
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
FASTING: dict[str, Any] = {"solid": 4, "clear": 2}
INTEGRATION: dict[str, Any] = {"from_hours": 24, "to_hours": 72}
LENGTHS: dict[str, int] = {"preparation": 60, "integration": 60, "medical": 30, "maintenance": 60}
SPAN_DAYS = [21, 56]
MIN_GAP_HOURS = 72
MIN_PREPARATIONS = 2
PLANNED_DOSES = 6

BY_ROUTE: dict[str, dict[str, Any]] = {
    "intravenous": {
        "checks_min": [0, 10, 20, 30, 40, 55, 70, 85, 100],
        "after_end": {"every_min": 15, "until_min": 60},  # minutes from the end of the infusion
        "min_stay_min": 60,  # from the end of the infusion, as every stay from the end of the last dose
        "dose": {"warn": "0.75", "cap": "1.0", "unit": "mg/kg"},
        "dosing_min": 150,
    },
    "intramuscular": {
        "checks_min": [0, 15, 30, 45, 60, 90],
        "min_stay_min": 90,
        "dose": {"warn": "1.0", "cap": "1.5", "unit": "mg/kg"},
        "dosing_min": 150,
    },
    "sublingual": {
        "checks_min": [0, 15, 30, 45, 60, 90, 120],
        "min_stay_min": 120,
        "dose": {"warn": "300", "cap": "400", "unit": "mg"},
        "dosing_min": 180,
    },
    "oral": {
        "checks_min": [0, 15, 30, 45, 60, 90, 120],
        "min_stay_min": 120,
        "dose": {"warn": "2.5", "cap": "7", "unit": "mg/kg"},
        "dosing_min": 180,
    },
    "intranasal": {
        "checks_min": [0, 15, 30, 45, 60, 90],
        "min_stay_min": 90,
        "dose": {"warn": "100", "cap": "150", "unit": "mg"},
        "dosing_min": 150,
    },
}

# Spravato REMS Patient Monitoring Form: before the first device, about 40 minutes after it, and before the client
# leaves, two hours after it at the earliest. The label fixes this; no protocol changes it.
REMS_CHECKS: dict[str, Any] = {"checks_min": [0, 40], "before_leaving_min": 120}


def limit(limits: Mapping[str, Any], name: str) -> Any:
    """The protocol's value, or the default policy's for a protocol that was approved before there was one."""
    return limits.get(name, LIMITS[name])


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
    }
    merged = {
        "integration": INTEGRATION | dict(values.get("integration") or {}),
        "fasting_hours": FASTING | dict(values.get("fasting_hours") or {}),
        "lengths_min": lengths,
        "bands": _over(BANDS, values.get("bands") or {}),
        "limits": _over(limits_of(values["route"]), values.get("limits") or {}),
        "gates": GATES | dict(values.get("gates") or {}),
    }
    return defaults | values | merged
