"""What a finding is called, and how many questions showed nothing: for a page that shows a screening at one look."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from screening.rules.conditions import CONDITIONS, value_of

# Codes that no question asks for: they are measured, or read off the list of medicines.
FOUND: Mapping[str, str] = {
    "CV_BP_ELEVATED": "Blood pressure above the clinic's limit for a screening",
    "CV_BP_LOW": "Blood pressure below the clinic's limit for a screening",
    "CV_BP_MISSING": "No blood pressure",
    "CV_BP_SINGLE": "Only one blood pressure",
    "CV_HEART_RATE": "Heart rate outside the clinic's limits",
    "SUD_AUDIT_C": "Positive alcohol screen (AUDIT-C)",
    "SUD_DAST10": "Positive drug screen (DAST-10)",
    "MED_UNMAPPED": "Medicine not recognised",
    "MED_CNS_DEPRESSANTS_COMBINED": "Several CNS depressants together",
    "MED_MAOI": "Takes an MAO inhibitor",
    "MED_BENZODIAZEPINE": "Takes a benzodiazepine",
    "MED_CNS_DEPRESSANT": "Takes a CNS depressant",
    "MED_STIMULANT": "Takes a stimulant or pressor",
    "MED_THEOPHYLLINE": "Takes theophylline",
    "MED_CYP_INHIBITOR": "Takes an inhibitor of CYP3A4 or CYP2B6",
    "MED_NMDA_ANTAGONIST": "Takes an NMDA antagonist",
    "MED_CYP_INDUCER": "Takes an inducer of CYP3A4 or CYP2B6",
    "MED_LAMOTRIGINE": "Takes lamotrigine",
    "MED_OPIOID_ANTAGONIST": "Takes an opioid antagonist",
    "MED_ANTIHYPERTENSIVE": "Takes an antihypertensive",
    "MED_THYROID": "Takes thyroid hormone",
    "MED_ANTIPSYCHOTIC": "Takes an antipsychotic",
    "MED_NASAL": "Uses a nasal steroid or decongestant",
    "MED_PRESSURE_RAISING": "Takes what may raise blood pressure or heart rate",
    "MED_CNS_ACTIVE": "Takes what acts on the nervous system",
    "MED_GASTRIC_EMPTYING": "Takes what slows the stomach",
}
ASKED = sum(condition.asked for condition in CONDITIONS.values())


def label_of(code: str) -> str:
    """A finding's code in plain words; of a medicine's class that has none yet, the class's name."""
    if code in CONDITIONS:
        return CONDITIONS[code].label
    return FOUND.get(code) or code.removeprefix("MED_").replace("_", " ").capitalize()


def clean(answers: Mapping[str, Any], *, found: Collection[str]) -> int:
    """How many of the asked conditions were answered with no and have no finding; `found` are the findings' codes."""
    return sum(
        condition.asked and value_of(answers.get(code)) is False and code not in found
        for code, condition in CONDITIONS.items()
    )
