"""docs/clinical-safety.md names only tests that exist, and holds every rule."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from kapclinic.local.places import CHECKOUT

PAGE = (CHECKOUT / "docs/clinical-safety.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
HAZARDS = re.findall(r"^\| (H\d+) \|(.*)\|$", PAGE, re.MULTILINE)
RULES = re.findall(r"^\| (R\d+) \|(.*)\|$", PAGE, re.MULTILINE)


@cache
def defined_in(path: str) -> set[str]:
    tree = ast.parse((CHECKOUT / path).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_test_that_proves_it_exists(path: str, name: str) -> None:
    assert name in defined_in(path)


def test_nothing_that_looks_like_a_test_escapes_this_page() -> None:
    assert len(NAMED) >= 60
    assert set(re.findall(r"tests/[\w/]+\.py::\w+", PAGE)) == {f"{path}::{name}" for path, name in NAMED}


def test_hazards_are_numbered_and_each_has_a_test() -> None:
    assert [number for number, _ in HAZARDS] == [f"H{n}" for n in range(1, len(HAZARDS) + 1)]
    assert len(HAZARDS) >= 20
    assert [number for number, row in HAZARDS if "::test_" not in row] == []


def test_every_rule_has_its_row_with_a_test() -> None:
    assert [number for number, _ in RULES] == [f"R{n}" for n in range(1, 16)]
    assert [number for number, row in RULES if "::test_" not in row] == []
