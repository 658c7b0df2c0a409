"""Pure rules of adverse events: the pick-list, when in a day an event falls, what a grade asks for.

Sources: clinical policy 1.8 and 11.3 (fields and pick-list); CTCAE v5 (grades and the hypertension rows); 21 CFR 312.32
(what makes an event serious). A grade is a clinician's choice: the code only hints, and only for blood pressure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict

from kapclinic.core.errors import FieldError
from kapclinic.practice.rules import CLINICIANS
from programs.policy import limit

REPORTERS = CLINICIANS
OTHER = "other"
# Code -> what staff read, and other words for it.
TERMS: Mapping[str, tuple[str, ...]] = {
    "nausea": ("Nausea",),
    "vomiting": ("Vomiting",),
    "dizziness": ("Dizziness",),
    "headache": ("Headache",),
    "confusion": ("Confusion",),
    "disorientation": ("Disorientation",),
    "emotional_distress": ("Crying or emotional distress", "crying", "emotional distress"),
    "dissociation": ("Dissociation",),
    "anxiety": ("Anxiety or panic", "anxiety", "panic"),
    "agitation": ("Agitation",),
    "hallucination": ("Hallucination",),
    "sedation": ("Sedation",),
    "loss_of_consciousness": ("Loss of consciousness",),
    "hypertension": ("Hypertension", "high blood pressure", "blood pressure increased"),
    "tachycardia": ("Tachycardia",),
    "bradycardia": ("Bradycardia",),
    "desaturation": ("Desaturation",),
    "respiratory_depression": ("Respiratory depression",),
    "chest_pain": ("Chest pain",),
    "syncope_fall": ("Syncope or fall", "syncope", "fall"),
    "seizure": ("Seizure",),
    "laryngospasm": ("Laryngospasm or hypersalivation", "laryngospasm", "hypersalivation"),
    "allergy": ("Allergy", "allergic reaction"),
    "blurred_vision": ("Blurred or double vision", "blurred vision", "double vision"),
    "urinary_symptoms": ("Urinary symptoms",),
    "abnormal_liver_tests": ("Abnormal liver tests", "abnormal LFT"),
    "suicidality": ("Suicidal ideation or behavior", "suicidal ideation", "suicidal behavior"),
    "injection_site": ("Injection site reaction", "injection-site"),
    "misuse_concern": ("Misuse or diversion concern", "misuse", "diversion"),
    OTHER: ("Other",),
}
SERIOUSNESS = (
    "death",
    "life_threatening",
    "hospitalization",
    "disability",
    "congenital_anomaly",
    "important_medical_event",
)
REPORTED_TO = ("medical_director", "medwatch", "rems", "state", "insurer")
# What the lists offer; the fields take other words too.
CAUSALITIES = ("unrelated", "unlikely", "possible", "probable", "definite")
ACTIONS = ("none", "paused", "reduced", "stopped", "ems", "ed")
PRE, ACUTE, DAY, LATER = "pre", "acute", "within_24h", "later"
FATAL = 5


class EventFields(TypedDict):
    """An adverse event as a clinician tells it."""

    term: str
    term_text: NotRequired[str]
    grade: int
    serious: bool
    seriousness: NotRequired[list[str]]
    onset_at: datetime
    resolved_at: NotRequired[datetime | None]
    causality: str
    expectedness: NotRequired[str]
    action: str
    treatment: NotRequired[str]
    outcome: str
    witness: NotRequired[str]
    reported_to: NotRequired[list[str]]
    note: NotRequired[str]


class DueTimes(TypedDict):
    """Until when something is done about an event; None where nobody asks."""

    follow_up_due_at: datetime | None
    review_due_at: datetime | None
    root_cause_due_at: datetime | None


class Pressure(TypedDict):
    systolic: int | None
    diastolic: int | None


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


_CODES = {_word(word): code for code, words in TERMS.items() for word in (code, *words)}


def term_code(term: str) -> str:
    """The pick-list's code for a term as it was written, however it is spelled; `other` for any other words."""
    return _CODES.get(_word(term), OTHER)


def event_errors(values: EventFields) -> list[FieldError]:
    """Fields of an event that contradict each other."""
    errors = []
    criteria = values.get("seriousness") or []
    if _word(values["term"]) == OTHER and not values.get("term_text"):
        errors.append(FieldError("/term_text", "required", "Say in words what happened."))
    if criteria and not values["serious"]:
        errors.append(FieldError("/seriousness", "not_serious", "Only a serious event has criteria."))
    if values["serious"] and not criteria:
        errors.append(FieldError("/seriousness", "required", "Say by which criterion the event is serious."))
    if values["grade"] == FATAL and not values["serious"]:
        errors.append(
            FieldError("/serious", "inconsistent", "Grade 5 is death, which is serious (CTCAE v5).")
        )
    if "death" in criteria and values["grade"] != FATAL:
        errors.append(FieldError("/grade", "inconsistent", "Death is grade 5 (CTCAE v5)."))
    return errors


def is_severe(*, grade: int, serious: bool, limits: Mapping[str, Any]) -> bool:
    """Does the medical director have to look at it before the client's next dose?"""
    return serious or grade >= limit(limits, "severe_grade")


def due_times(
    *, grade: int, serious: bool, resolved: bool, limits: Mapping[str, Any], at: datetime
) -> DueTimes:
    """When an event that is recorded at `at` is followed up, reviewed, and its cause found; None where nobody asks.

    A mild or moderate event that is over when it is recorded asks for no follow-up, nor does a grade whose
    `event_follow_up_hours` are 0.
    """
    severe = is_severe(grade=grade, serious=serious, limits=limits)
    hours = limit(limits, "event_follow_up_hours")[str(grade)]
    follow = hours and (severe or not resolved)
    return {
        "follow_up_due_at": at + timedelta(hours=hours) if follow else None,
        "review_due_at": at + timedelta(hours=limit(limits, "event_review_hours")) if severe else None,
        "root_cause_due_at": at + timedelta(days=limit(limits, "event_root_cause_days")) if serious else None,
    }


def phase_of(*, onset_at: datetime, dosed_at: datetime | None, limits: Mapping[str, Any]) -> str:
    """Before any dose, acute, within a day or later; `dosed_at`: last dose up to the onset (clinical policy 11.3)."""
    if dosed_at is None:
        return PRE
    acute, day = limit(limits, "event_phase_hours")
    hours = (onset_at - dosed_at) / timedelta(hours=1)
    return ACUTE if hours <= acute else DAY if hours <= day else LATER


def suggested_grade(code: str, vitals: Pressure | None) -> int | None:
    """A hint for hypertension from the nearest reading, in mmHg (CTCAE v5: 120/80, 140/90, 160/100); else None.

    Never grade 4: that is a crisis, which numbers alone don't show. A transient rise after ketamine that reaches the
    numbers of grade 3 is no serious event for that reason alone.
    """
    if code != "hypertension" or vitals is None:
        return None
    found = [
        grade
        for grade, systolic, diastolic in ((1, 120, 80), (2, 140, 90), (3, 160, 100))
        if (vitals["systolic"] or 0) >= systolic or (vitals["diastolic"] or 0) >= diastolic
    ]
    return max(found, default=None)
