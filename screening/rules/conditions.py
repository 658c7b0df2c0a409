"""The conditions that are asked about, as a table; answers become findings.

Polarity: `true` means that the condition named by the label is present, `false` that it is absent (no finding).
"unknown" and a code left out are `unknown` findings, which a prescriber resolves in words. Codes that are computed
(AGE, AGE65), settled on the day (NO_ESCORT) or carry no rule (PSY_PTSD) are accepted but never missed.

Sources: esketamine label (SPRAVATO US PI, contraindications and warnings), racemic label (KETALAR, PDR; UK SmPC),
practice statements (Sanacora 2017, clinic protocols). Only `fixed` rows are contraindications of a label that a clinic
may not lower; every other severity is a clinic's policy, and `protocol.limits["severities"]` may change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from programs.policy import limit
from screening.models import Finding
from screening.rules.findings import Found, as_policy_has_it, worst

ABSOLUTE, RELATIVE, INFO, UNKNOWN = (
    Finding.Severity.ABSOLUTE,
    Finding.Severity.RELATIVE,
    Finding.Severity.INFO,
    Finding.Severity.UNKNOWN,
)
ESK = "esketamine label (SPRAVATO US PI)"
RACEMIC = "racemic ketamine label (KETALAR)"
POLICY = "clinic policy"


@dataclass(frozen=True)
class Condition:
    """One row. `degrees` are the severities that an answer may choose, with a note, beside the default."""

    code: str
    label: str
    severity: str
    source: str
    degrees: frozenset[str] = frozenset()
    asked: bool = True
    fixed: bool = False
    at_home: str | None = None


_BOTH = frozenset({ABSOLUTE, RELATIVE})
_ROWS = (
    Condition("CV_UNCONTROLLED_HTN", "Uncontrolled high blood pressure", ABSOLUTE, f"{RACEMIC}; {POLICY}"),
    Condition(
        "CV_ANEURYSM_AVM",
        "Aneurysmal vascular disease or arteriovenous malformation",
        ABSOLUTE,
        ESK,
        fixed=True,
    ),
    Condition("NEURO_ICH", "History of bleeding inside the brain", ABSOLUTE, ESK, fixed=True),
    Condition(
        "ALLERGY_KET",
        "Allergy to ketamine, esketamine or an excipient",
        ABSOLUTE,
        f"{ESK}; {RACEMIC}",
        fixed=True,
    ),
    Condition(
        "CV_RECENT_MI_CVA",
        "Heart attack or stroke in the last 6 weeks (relative: longer ago)",
        ABSOLUTE,
        f"esketamine trial exclusion; {POLICY}",
        degrees=_BOTH,
    ),
    Condition(
        "CV_OTHER",
        "Unstable or severe heart disease, decompensated failure, arrhythmia (relative: stable, with cardiology note)",
        ABSOLUTE,
        f"UK ketamine SmPC; {POLICY}",
        degrees=_BOTH,
    ),
    Condition("OB_ECLAMPSIA", "Eclampsia or pre-eclampsia", ABSOLUTE, "UK ketamine SmPC"),
    Condition("PREG", "Pregnant", ABSOLUTE, f"{ESK}; {POLICY}"),
    Condition("LACT", "Breastfeeding", RELATIVE, f"{ESK}; {POLICY}"),
    Condition(
        "PSY_PSYCHOSIS_CUR",
        "Psychosis now, or a schizophrenia-spectrum disorder",
        ABSOLUTE,
        f"{ESK}; {POLICY}",
    ),
    Condition("PSY_PSYCHOSIS_HX", "Past psychosis, or strong family history of it", RELATIVE, POLICY),
    Condition("PSY_MANIA", "Mania, hypomania or a mixed episode now", ABSOLUTE, POLICY),
    Condition("PSY_BIPOLAR", "Bipolar disorder, euthymic or depressed", RELATIVE, POLICY),
    Condition(
        "SUD_ACTIVE",
        "Active substance use disorder, or ketamine or PCP use disorder",
        ABSOLUTE,
        f"{ESK}; {POLICY}",
    ),
    Condition("SUD_HX", "Substance use disorder in remission", RELATIVE, f"{ESK}; {POLICY}"),
    Condition(
        "ENDO_HYPERTHYROID",
        "Untreated hyperthyroidism (info: treated, or on thyroid hormone)",
        ABSOLUTE,
        f"{RACEMIC}; {POLICY}",
        degrees=frozenset({ABSOLUTE, INFO}),
    ),
    Condition(
        "NEURO_ICP",
        "Raised intracranial pressure, mass, hydrocephalus or recent head injury",
        ABSOLUTE,
        RACEMIC,
    ),
    Condition("OPHTH", "Glaucoma, raised eye pressure, eye surgery or injury", RELATIVE, RACEMIC),
    Condition(
        "HEP_SEVERE",
        "Severe liver disease, Child-Pugh C (relative: A or B)",
        ABSOLUTE,
        f"{RACEMIC}; {POLICY}",
        degrees=_BOTH,
    ),
    Condition(
        "GU_CYSTITIS",
        "Interstitial cystitis or unexplained bladder symptoms (absolute: caused by ketamine)",
        RELATIVE,
        f"reviews of ketamine-induced cystitis; {POLICY}",
        degrees=_BOTH,
    ),
    Condition("NEURO_SEIZURE", "Epilepsy or seizures", RELATIVE, POLICY),
    Condition("RESP_OSA", "Sleep apnoea or severe lung disease", RELATIVE, POLICY),
    Condition("NEURO_COG", "Delirium (relative: dementia)", ABSOLUTE, POLICY, degrees=_BOTH),
    Condition("PSY_DISSOC", "Dissociative disorder or severe personality disorder", RELATIVE, POLICY),
    Condition(
        "PSY_SI",
        "Suicidal thoughts with intent or plan",
        RELATIVE,
        f"same-day assessment by a clinician; {POLICY}",
        at_home=ABSOLUTE,
    ),
    Condition("CONSENT", "Cannot consent, or treatment is court-ordered", ABSOLUTE, POLICY),
    Condition("AGE", "Below the protocol's lowest age", ABSOLUTE, f"{ESK}; {POLICY}", asked=False),
    Condition("AGE65", "65 or older: lower start, longer watch", INFO, POLICY, asked=False),
    Condition(
        "NO_ESCORT", "No escort home", ABSOLUTE, f"{POLICY}; asked again on each dosing day", asked=False
    ),
    Condition("PSY_PTSD", "Post-traumatic stress disorder", INFO, "no rule", asked=False),
)
CONDITIONS: Mapping[str, Condition] = {row.code: row for row in _ROWS}


def value_of(answer: Any) -> bool | str | None:
    """true, false or "unknown" of an answer in either shape; None when there is none."""
    found = answer.get("value") if isinstance(answer, Mapping) else answer
    return found if isinstance(found, bool | str) else None


def _severity(
    condition: Condition, degree: str | None, limits: Mapping[str, Any], *, home_dosing: bool
) -> str:
    policy = (
        condition.severity
        if condition.fixed
        else as_policy_has_it(condition.code, condition.severity, limits)
    )
    raised = policy != condition.severity and worst(policy, condition.severity) == policy
    chosen = degree if degree and not raised else policy
    return worst(chosen, condition.at_home) if home_dosing and condition.at_home else chosen


def answer_findings(
    answers: Mapping[str, Any], *, limits: Mapping[str, Any], home_dosing: bool
) -> list[Found]:
    """What the answers say, in the table's order."""
    found = []
    for code, condition in CONDITIONS.items():
        answer = answers.get(code)
        value = value_of(answer)
        note = str(answer.get("note") or "") if isinstance(answer, Mapping) else ""
        words = f" {note}" if note else ""
        if value is True:
            degree = answer.get("degree") if isinstance(answer, Mapping) else None
            severity = _severity(condition, degree, limits, home_dosing=home_dosing)
            found.append(Found(code, severity, f"Answered yes.{words}", condition.source))
        elif value != False and condition.asked:  # noqa: E712  (the string "unknown" is not False)
            evidence = "Not answered." if value is None else f"Answered: unknown.{words}"
            found.append(Found(code, UNKNOWN, evidence, condition.source))
    return found


def age_findings(age: int, *, limits: Mapping[str, Any]) -> list[Found]:
    """What the date of birth says, in whole years on the local day of submitting."""
    found = []
    if age < limit(limits, "min_age_years"):
        severity = as_policy_has_it("AGE", ABSOLUTE, limits)
        found.append(Found("AGE", severity, f"Age {age}, from the date of birth.", CONDITIONS["AGE"].source))
    if age >= limit(limits, "older_adult_years"):
        found.append(Found("AGE65", INFO, f"Age {age}, from the date of birth.", CONDITIONS["AGE65"].source))
    return found
