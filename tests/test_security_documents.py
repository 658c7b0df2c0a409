"""docs/threat-model.md and docs/compliance.md name only tests that exist, and hold all of the lists that they map."""

from __future__ import annotations

import re

import pytest

from kapclinic.local.places import CHECKOUT
from tests.test_clinical_safety import defined_in

THREATS = (CHECKOUT / "docs/threat-model.md").read_text()
COMPLIANCE = (CHECKOUT / "docs/compliance.md").read_text()
LOOKS = r"tests/[\w/]+\.py::\w+"
NAMED = sorted(set(re.findall(LOOKS, THREATS + COMPLIANCE)))
ASVS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)  # of levels 1 and 2, V1 to V17


@pytest.mark.parametrize("named", NAMED)
def test_the_test_that_proves_it_exists(named: str) -> None:
    path, name = named.split("::")
    assert name in defined_in(path)


def test_files_that_are_named_without_a_test_exist() -> None:
    paths = set(re.findall(r"`((?:tests|kapclinic|docs)/[\w./]+)`", THREATS + COMPLIANCE))
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def test_threats_are_numbered_and_each_has_a_control_and_a_test() -> None:
    rows = re.findall(r"^\| (T\d+) \| ([STRIDE]) \| (.+?) \| (.+?) \| (.+) \|$", THREATS, re.MULTILINE)
    assert [row[0] for row in rows] == [f"T{n}" for n in range(1, len(rows) + 1)]
    assert len(rows) >= 30
    assert [row[0] for row in rows if re.search(LOOKS, row[4]) is None] == []
    assert {row[1] for row in rows} == set("STRIDE") - {""}


def test_every_standard_of_the_technical_safeguards_is_there() -> None:
    told = COMPLIANCE.split("## HIPAA", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\([a-e]\)\S*)", told, re.MULTILINE)
    letters = {row[1] for row in rows}
    assert letters == set("abcde")
    assert {f"(a)(2)({n})" for n in ("i", "ii", "iii", "iv")} <= set(rows)


def test_every_criterion_and_every_chapter_is_there() -> None:
    onc = COMPLIANCE.split("## ONC", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| \((\d+)\)", onc, re.MULTILINE) == [str(n) for n in range(1, 14)]
    asvs = COMPLIANCE.split("## OWASP", 1)[1]
    rows = re.findall(r"^\| V(\d+) [^|]+\| (\d+) \|", asvs, re.MULTILINE)
    assert rows == [(str(n), str(count)) for n, count in enumerate(ASVS, 1)]
    assert sum(ASVS) == 253
