"""Interactions: known classes are named, and what is not understood is never taken for harmless."""

from __future__ import annotations

import pytest

from programs import policy
from screening.rules.medicines import Listed, medicine_findings


def found(*texts: str, route: str = "sublingual", limits=policy.LIMITS):
    listed = [Listed(None, text) for text in texts]
    return {f.code: f.severity for f in medicine_findings(listed, route=route, limits=limits)}


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("tranylcypromine 30 mg", "MED_MAOI", "relative"),
        ("Emsam patch", "MED_MAOI", "relative"),
        ("lorazepam 0.5mg prn", "MED_BENZODIAZEPINE", "relative"),
        ("Xanax XR 1 mg at bedtime", "MED_BENZODIAZEPINE", "relative"),
        ("oxycodone 5 mg", "MED_CNS_DEPRESSANT", "relative"),
        ("zolpidem", "MED_CNS_DEPRESSANT", "relative"),
        ("hydroxyzine 25 mg", "MED_CNS_DEPRESSANT", "relative"),
        ("cyclobenzaprine", "MED_CNS_DEPRESSANT", "relative"),
        ("alcohol", "MED_CNS_DEPRESSANT", "relative"),
        ("Adderall XR 20 mg every morning", "MED_STIMULANT", "relative"),
        ("modafinil", "MED_STIMULANT", "relative"),
        ("pseudoephedrine", "MED_STIMULANT", "relative"),
        ("theophylline ER 300 mg", "MED_THEOPHYLLINE", "relative"),
        ("aminophylline", "MED_THEOPHYLLINE", "relative"),
        ("clarithromycin 500 mg twice daily", "MED_CYP_INHIBITOR", "relative"),
        ("grapefruit juice", "MED_CYP_INHIBITOR", "relative"),
        ("carbamazepine", "MED_CYP_INDUCER", "info"),
        ("St. John's Wort", "MED_CYP_INDUCER", "info"),
        ("lamotrigine 200mg", "MED_LAMOTRIGINE", "info"),
        ("naltrexone 50 mg", "MED_OPIOID_ANTAGONIST", "info"),
        ("lisinopril 10 mg daily", "MED_ANTIHYPERTENSIVE", "info"),
        ("levothyroxine 75 mcg", "MED_THYROID", "info"),
        ("risperidone 1 mg", "MED_ANTIPSYCHOTIC", "info"),
    ],
)
def test_a_class_is_named(text: str, code: str, severity: str) -> None:
    assert found(text) == {code: severity}


@pytest.mark.parametrize(
    "text", ["sertraline 50 mg", "Lithium carbonate 300mg BID", "escitalopram", "Effexor XR 75"]
)
def test_known_and_harmless_finds_nothing(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "blood pressure pill",
        "lorazapam",
        "kratom",
        "that purple one",
        "трамадол",
        "my sertralines",
        "100 mg twice daily",
    ],
)
def test_what_is_not_understood_is_unknown(text: str) -> None:
    assert found(text) == {"MED_UNMAPPED": "unknown"}


@pytest.mark.parametrize(
    "text", ["sertraline and kratom", "sertraline, kratom", "sertraline/трамадол", "sertraline kratom"]
)
def test_a_known_name_does_not_hide_an_unknown_one(text: str) -> None:
    assert found(text) == {"MED_UNMAPPED": "unknown"}


def test_an_unknown_name_does_not_hide_a_known_one() -> None:
    assert found("kratom with phenelzine") == {"MED_UNMAPPED": "unknown", "MED_MAOI": "relative"}


def test_every_unmapped_text_is_a_finding_of_its_own() -> None:
    listed = [Listed(None, "kratom"), Listed(None, "kava")]
    codes = [f.code for f in medicine_findings(listed, route="oral", limits=policy.LIMITS)]
    assert codes == ["MED_UNMAPPED", "MED_UNMAPPED"]


@pytest.mark.parametrize(
    "texts",
    [
        ("lorazepam", "zolpidem"),
        ("lorazepam", "clonazepam"),
        ("oxycodone and gabapentin",),
        ("codeine", "alcohol"),
    ],
)
def test_two_depressants_add_up(texts: tuple[str, ...]) -> None:
    assert found(*texts)["MED_CNS_DEPRESSANTS_COMBINED"] == "relative"


@pytest.mark.parametrize(
    "texts", [("lorazepam",), ("lorazepam 1 mg", "Ativan 0.5 mg prn"), ("lorazepam", "sertraline")]
)
def test_one_depressant_in_two_forms_is_one(texts: tuple[str, ...]) -> None:
    assert "MED_CNS_DEPRESSANTS_COMBINED" not in found(*texts)


def test_a_medicine_of_two_classes_is_both() -> None:
    assert found("carbamazepine", "buprenorphine/naloxone") == {
        "MED_CYP_INDUCER": "info",
        "MED_CNS_DEPRESSANT": "relative",
        "MED_OPIOID_ANTAGONIST": "info",
    }
    assert found("Suboxone film") == {"MED_CNS_DEPRESSANT": "relative", "MED_OPIOID_ANTAGONIST": "info"}


def test_nasal_timing_matters_only_by_nose() -> None:
    assert found("Flonase nasal spray", route="intranasal") == {"MED_NASAL": "info"}
    assert found("Flonase nasal spray", route="sublingual") == {}


def test_a_clinic_may_raise_a_class() -> None:
    limits = policy.LIMITS | {
        "severities": {"MED_MAOI": "absolute", "MED_CNS_DEPRESSANTS_COMBINED": "absolute"}
    }
    assert found("phenelzine", limits=limits) == {"MED_MAOI": "absolute"}
    assert found("lorazepam", "zolpidem", limits=limits)["MED_CNS_DEPRESSANTS_COMBINED"] == "absolute"


def test_the_evidence_names_what_was_listed() -> None:
    (one,) = medicine_findings([Listed(None, "Nardil 15 mg")], route="oral", limits=policy.LIMITS)
    assert "Nardil 15 mg" in one.evidence
    assert one.source
