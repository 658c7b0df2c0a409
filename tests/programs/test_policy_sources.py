"""Beside each default of the policy stands where it comes from, or that it has no source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from programs import policy

TEXT = Path(policy.__file__).read_text(encoding="utf-8")
SAID = re.compile(r"policy, no source|source: \S")
NO_DEFAULTS = {
    "FIXED_GATES",
    "GATE_MODES",
    "MEASURED",
    "REQUIRED, AT_RISK, ADVISED, OFF",
}  # names, not values


def leaves(node: ast.expr) -> Iterator[ast.expr]:
    """The values of a table that are no tables of more than one line."""
    if isinstance(node, ast.Dict) and node.lineno != node.end_lineno:
        for value in node.values:
            yield from leaves(value)
    elif isinstance(node, ast.List) and node.lineno != node.end_lineno:
        for value in node.elts:
            yield from leaves(value)
    else:
        yield node


def defaults(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign | ast.Assign) and statement.value is not None:
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            name = ast.unparse(target).strip("()")
            if name.isupper() and name not in NO_DEFAULTS:
                for leaf in leaves(statement.value):
                    yield name, leaf


def unsaid(text: str) -> list[str]:
    lines = text.split("\n")
    return [
        f"{name}, line {leaf.lineno}: {lines[leaf.lineno - 1].strip()}"
        for name, leaf in defaults(ast.parse(text))
        if not any(
            SAID.search(line.partition("#")[2])
            for line in (lines[(leaf.end_lineno or leaf.lineno) - 1], _above(lines, leaf.lineno))
        )
    ]


def _above(lines: list[str], number: int) -> str:
    """The line before, when it is a comment alone."""
    before = lines[number - 2].strip()
    return before if before.startswith("#") else ""


def test_every_default_says_where_it_comes_from() -> None:
    assert unsaid(TEXT) == []
    assert {name for name, _ in defaults(ast.parse(TEXT))} >= {
        "BANDS",
        "LIMITS",
        "GATES",
        "BY_ROUTE",
        "MIN_GAP_HOURS",
    }


@pytest.mark.parametrize(
    "line", ['LIMITS = {"a": 1,\n "b": 2,  # policy, no source\n}', "DAYS = 3  # how long", "DAYS = 3"]
)
def test_a_default_without_one_is_named(line: str) -> None:
    assert len(unsaid(line)) == 1
