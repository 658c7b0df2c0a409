"""Verbs and questions say the shape of what they take and give: `Any` is rare there, and each has its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import files, shown

SAID = ("kapclinic", "programs", "screening", "billing", "sessions")
ROOMS = {"services", "selectors"}  # a file of that name, or all files of a folder
MOST = 20  # uses of Any that have a reason, in all of SAID
SHAPELESS = {"Any", "dict[str, Any]", "Mapping[str, Any]"}


def modules(root: str) -> list[Path]:
    return [path for path in files(root) if ROOMS & {path.stem, *path.parts}]


def uses_of_any(tree: ast.AST) -> Iterator[int]:
    """The lines on which `Any` is used; the import is none."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.Name) and node.id == "Any") or (
            isinstance(node, ast.Attribute) and node.attr == "Any"
        ):
            yield node.lineno


def unexplained(text: str) -> list[int]:
    """Lines that use `Any` without `# Any: <reason>` on them or on the line above."""
    lines = ["", *text.splitlines()]
    return [
        number
        for number in uses_of_any(ast.parse(text))
        if not any("# Any: " in line for line in lines[number - 1 : number + 1])
    ]


def shapeless_parameters(text: str) -> list[str]:
    """Functions whose `by` may be anything, or whose `values` have no shape."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                given = "" if arg.annotation is None else ast.unparse(arg.annotation)
                if (arg.arg == "by" and given == "Any") or (arg.arg == "values" and given in SHAPELESS):
                    found.append(f"{node.name}({arg.arg}: {given})")
    return found


@pytest.mark.parametrize("root", SAID)
def test_every_any_has_its_reason(root: str) -> None:
    bare = [f"{shown(path)}:{line}" for path in modules(root) for line in unexplained(path.read_text())]
    assert bare == []


@pytest.mark.parametrize("root", SAID)
def test_every_verb_says_who_acts_and_with_which_values(root: str) -> None:
    found = {shown(path): shapeless_parameters(path.read_text()) for path in modules(root)}
    assert {where: what for where, what in found.items() if what} == {}


def test_any_stays_rare() -> None:
    paths = [path for root in SAID for path in modules(root)]
    assert len(paths) > 15  # the names of the rooms are still right
    assert sum(len(list(uses_of_any(ast.parse(path.read_text())))) for path in paths) <= MOST


def test_the_checks_see_what_they_look_for() -> None:
    text = "from typing import Any\ndef save(row: Any, *, values: Mapping[str, Any], by: Any): ...\n"
    assert unexplained(text) == [2, 2, 2]
    assert shapeless_parameters(text) == ["save(values: Mapping[str, Any])", "save(by: Any)"]
    assert unexplained("# Any: JSON of the provider\nanswer: Any = ask()\nother: Any = ask()\n") == [3]
    assert unexplained("answer: typing.Any = ask()  # Any: JSON of the provider\n") == []
