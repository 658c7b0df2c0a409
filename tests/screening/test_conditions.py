"""The table of conditions: what a yes, a no, an unknown and a silence mean."""

from __future__ import annotations

import pytest

from programs import policy
from screening.rules.conditions import CONDITIONS, age_findings, answer_findings
from screening.rules.findings import Found, merged

NO_TO_ALL = {code: False for code, condition in CONDITIONS.items() if condition.asked}
SEVERITY_OF_A_YES = {
    "CV_UNCONTROLLED_HTN": "absolute",
    "CV_ANEURYSM_AVM": "absolute",
    "NEURO_ICH": "absolute",
    "ALLERGY_KET": "absolute",
    "CV_RECENT_MI_CVA": "absolute",
    "CV_OTHER": "absolute",
    "OB_ECLAMPSIA": "absolute",
    "PREG": "absolute",
    "LACT": "relative",
    "PSY_PSYCHOSIS_CUR": "absolute",
    "PSY_PSYCHOSIS_HX": "relative",
    "PSY_MANIA": "absolute",
    "PSY_BIPOLAR": "relative",
    "SUD_ACTIVE": "absolute",
    "SUD_HX": "relative",
    "ENDO_HYPERTHYROID": "absolute",
    "NEURO_ICP": "absolute",
    "OPHTH": "relative",
    "HEP_SEVERE": "absolute",
    "GU_CYSTITIS": "relative",
    "NEURO_SEIZURE": "relative",
    "RESP_OSA": "relative",
    "NEURO_COG": "absolute",
    "PSY_DISSOC": "relative",
    "PSY_SI": "relative",
    "CONSENT": "absolute",
    "AGE": "absolute",
    "AGE65": "info",
    "NO_ESCORT": "absolute",
    "PSY_PTSD": "info",
}


def said(answers, *, limits=None, home_dosing=False):
    found = answer_findings(answers, limits=policy.LIMITS | (limits or {}), home_dosing=home_dosing)
    return {item.code: item.severity for item in found}


def test_the_table_holds_every_code_of_the_clinic() -> None:
    assert set(CONDITIONS) == set(SEVERITY_OF_A_YES)


@pytest.mark.parametrize(("code", "severity"), SEVERITY_OF_A_YES.items())
def test_a_yes_has_the_severity_of_its_row(code: str, severity: str) -> None:
    assert said(NO_TO_ALL | {code: True}) == {code: severity}


@pytest.mark.parametrize("code", sorted(NO_TO_ALL))
def test_silence_and_unknown_are_never_no(code: str) -> None:
    silent = {other: value for other, value in NO_TO_ALL.items() if other != code}
    assert said(silent) == {code: "unknown"}
    assert said(NO_TO_ALL | {code: "unknown"}) == {code: "unknown"}
    assert said(NO_TO_ALL | {code: {"value": "unknown", "note": "asks her doctor"}}) == {code: "unknown"}


def test_no_to_everything_finds_nothing() -> None:
    assert said(NO_TO_ALL) == {}


@pytest.mark.parametrize("code", ["AGE", "AGE65", "NO_ESCORT", "PSY_PTSD"])
def test_what_is_computed_or_settled_on_the_day_need_not_be_answered(code: str) -> None:
    assert code not in NO_TO_ALL
    assert said(NO_TO_ALL | {code: "unknown"}) == {}
    assert said(NO_TO_ALL | {code: False}) == {}


@pytest.mark.parametrize(
    ("code", "degree"),
    [
        ("CV_RECENT_MI_CVA", "relative"),
        ("CV_OTHER", "relative"),
        ("HEP_SEVERE", "relative"),
        ("NEURO_COG", "relative"),
        ("ENDO_HYPERTHYROID", "info"),
        ("GU_CYSTITIS", "absolute"),
    ],
)
def test_a_degree_of_the_row_may_be_chosen_with_a_note(code: str, degree: str) -> None:
    answer = {"value": True, "degree": degree, "note": "letter of 2024"}
    (found,) = answer_findings(NO_TO_ALL | {code: answer}, limits=policy.LIMITS, home_dosing=False)
    assert (found.code, found.severity) == (code, degree)
    assert "letter of 2024" in found.evidence


def test_a_clinic_may_raise_or_lower_its_own_rows_but_not_a_contraindication_of_the_label() -> None:
    limits = {
        "severities": {
            "PSY_PSYCHOSIS_HX": "absolute",
            "PREG": "relative",
            "NEURO_ICH": "info",
            "OPHTH": "nonsense",
        }
    }
    answers = NO_TO_ALL | {"PSY_PSYCHOSIS_HX": True, "PREG": True, "NEURO_ICH": True, "OPHTH": True}
    assert said(answers, limits=limits) == {
        "PSY_PSYCHOSIS_HX": "absolute",
        "PREG": "relative",
        "NEURO_ICH": "absolute",
        "OPHTH": "relative",
    }


def test_a_raised_row_is_not_lowered_by_the_answer() -> None:
    answer = {"value": True, "degree": "relative", "note": "no known cause"}
    assert said(NO_TO_ALL | {"GU_CYSTITIS": answer}, limits={"severities": {"GU_CYSTITIS": "absolute"}}) == {
        "GU_CYSTITIS": "absolute"
    }


def test_suicidal_intent_rules_out_dosing_at_home() -> None:
    assert said(NO_TO_ALL | {"PSY_SI": True}, home_dosing=True) == {"PSY_SI": "absolute"}


@pytest.mark.parametrize(
    ("age", "expected"),
    [(17, {"AGE": "absolute"}), (18, {}), (64, {}), (65, {"AGE65": "info"}), (90, {"AGE65": "info"})],
)
def test_age_comes_from_the_date_of_birth(age: int, expected: dict[str, str]) -> None:
    assert {f.code: f.severity for f in age_findings(age, limits=policy.LIMITS)} == expected


def test_the_lowest_age_is_the_protocols() -> None:
    assert [f.code for f in age_findings(20, limits=policy.LIMITS | {"min_age_years": 21})] == ["AGE"]


def test_two_sayings_about_one_code_are_one_finding_with_the_worse_severity_and_both_evidences() -> None:
    said_twice = [Found("X", "unknown", "Not answered.", "a"), Found("X", "relative", "Measured.", "b")]
    (found,) = merged(said_twice)
    assert (found.severity, found.evidence) == ("relative", "Not answered. Measured.")
