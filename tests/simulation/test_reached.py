"""Which rules the judge's checks put to the test, and how much of the code the days come through."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.simulation.reached import APPS, by_app, line, named, rules

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_judge_cites_only_rules_that_stand_in_the_book() -> None:
    tree = ast.parse((ROOT / "tests/simulation/judge.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    held = [call.args[0] for call in calls if getattr(call.func, "attr", "") == "holds"]
    checks = [arg.value for arg in held if isinstance(arg, ast.Constant)]
    assert len(checks) > 50
    assert named(checks) <= set(rules((ROOT / "docs/rules.md").read_text()))


def test_a_check_is_counted_for_the_rule_that_it_begins_with() -> None:
    checks = ["R1 nobody is held twice", "3.6 nobody goes sedated", "PR6 on its day", "an alert is answered"]
    assert named(checks) == {"R1", "clinical policy 3.6", "PR6"}


def test_statements_and_branches_are_summed_by_app() -> None:
    summary = {"num_statements": 8, "covered_lines": 6, "num_branches": 4, "covered_branches": 1}
    report = {"files": {"billing/a.py": {"summary": summary}, "billing/b.py": {"summary": summary}}}
    found = by_app(report)
    assert list(found) == list(APPS)
    assert line("billing", found["billing"]).endswith(
        "statements 12 of 16 (75.0 %), branches 2 of 8 (25.0 %)"
    )
