"""Every rule number that code, tests and documents cite has its line in docs/rules.md, and no line is left over."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from kapclinic.local.places import CHECKOUT

PAGE = CHECKOUT / "docs/rules.md"
FOLDERS = ("kapclinic", "programs", "screening", "billing", "sessions", "tests", "docs")
KINDS = {".py", ".md", ".json", ".yaml", ".sql", ".typ"}
HOUSE = {f"R{n}" for n in range(1, 16)}

NUMBER = r"\d+(?:\.\d+)?"
POLICY = re.compile(rf"[Cc]linical policy ({NUMBER}(?:(?:, | and |, and ){NUMBER})*)")
RULE = re.compile(r"(?<![\w\"'])(?:PR|R)\d+\b(?!\.\d)")  # not R45.851 and not "R51", which are ICD-10-CM
LINE = re.compile(rf"^(R\d+|PR\d+|clinical policy {NUMBER}): (.+)$", re.MULTILINE)
OTHER_FORM = re.compile(rf"(?<!clinical )\bpolicy (?:table |rule )?(?:PR)?{NUMBER}", re.IGNORECASE)


def in_one_line(text: str) -> str:
    """A sentence goes on in the next line of its docstring, comment or page."""
    return re.sub(r"\s*\n\s*(?:#\s*)?", " ", text)


def cited_in(text: str) -> set[str]:
    whole = in_one_line(text)
    policies = {f"clinical policy {n}" for found in POLICY.findall(whole) for n in re.findall(NUMBER, found)}
    return policies | set(RULE.findall(whole))


@cache
def sources() -> dict[str, str]:
    """The texts that may cite a rule, by path; not this file, whose samples cite what is not there."""
    found = [path for folder in FOLDERS for path in (CHECKOUT / folder).rglob("*") if path.suffix in KINDS]
    texts = {str(path.relative_to(CHECKOUT)): path.read_text() for path in [*found, CHECKOUT / "README.md"]}
    return {name: text for name, text in texts.items() if CHECKOUT / name not in {PAGE, Path(__file__)}}


def lines_of(page: str) -> list[str]:
    return [number for number, _ in LINE.findall(page)]


def without_line(texts: dict[str, str], page: str) -> dict[str, set[str]]:
    """What is cited and has no line, by path."""
    lines = set(lines_of(page))
    return {name: missing for name, text in texts.items() if (missing := cited_in(text) - lines)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(clinical policy 3.1 and 12)", {"clinical policy 3.1", "clinical policy 12"}),
        ("clinical policy 1.2, 1.7 and 11.1.", {f"clinical policy {n}" for n in ("1.2", "1.7", "11.1")}),
        ("Clinical policy 7: within 24 h", {"clinical policy 7"}),
        ("# as clinical\n    # policy 3.6 has it", {"clinical policy 3.6"}),
        ("(R6 and R9)", {"R6", "R9"}),
        ("who may (R10, R15); PR4 proposes 48", {"R10", "R15", "PR4"}),
        ("it is no PR4x, R45.851, 'R51' or \"R11\", HL7, KSET-R 2025", set()),
        ("policy 3.1 of the clinic, a policy of 24 hours", set()),
    ],
)
def test_the_collector_reads_the_forms(text: str, found: set[str]) -> None:
    assert cited_in(text) == found


def test_a_number_without_a_line_is_found() -> None:
    page = "R1: one.\n\nclinical policy 3.1: two.\n\nThe rule R2 stands in no line of its own.\n"
    texts = {"kept.py": "(R1), clinical policy 3.1", "lost.py": "R1 and R2, clinical policy 3.1 and 3.2"}
    assert without_line(texts, page) == {"lost.py": {"R2", "clinical policy 3.2"}}


def test_every_number_that_is_cited_has_its_line() -> None:
    page = PAGE.read_text()
    words = "\n".join(text for _, text in LINE.findall(page))  # a rule may point at another one
    assert without_line(sources() | {"docs/rules.md": words}, page) == {}


def test_every_line_is_cited_or_is_a_rule_of_the_house() -> None:
    lines = set(lines_of(PAGE.read_text()))
    assert lines >= HOUSE
    assert lines - HOUSE - {number for text in sources().values() for number in cited_in(text)} == set()


def test_each_number_has_one_line_and_its_source() -> None:
    page = PAGE.read_text()
    assert [number for number, n in Counter(lines_of(page)).items() if n > 1] == []
    assert [number for number, text in LINE.findall(page) if " Source: " not in text] == []
    begun = re.findall(rf"^\W*((?:P?R\d+|clinical policy {NUMBER})\b)", page, re.MULTILINE)
    assert begun == lines_of(page)  # a line without the colon, or behind a bullet, is no line


@pytest.mark.parametrize("text", ["(policy 3.1)", "policy table 3.2", "(policy PR5)"])
def test_another_form_is_seen(text: str) -> None:
    assert OTHER_FORM.search(text)


def test_no_text_cites_a_rule_in_another_form() -> None:
    found = {name: OTHER_FORM.findall(in_one_line(text)) for name, text in sources().items()}
    assert {name: forms for name, forms in found.items() if forms} == {}
