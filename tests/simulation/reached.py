"""`make reached`: how much of the code simulated days alone come through, and which rules they never put to the test.

Prints one line an app with its statements and branches, then every rule of docs/rules.md that no check of the judge
named on these days.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.simulation.running import servers
from tests.simulation.shrink import WORLD_DAYS, Plan

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
# What runs on a developer's machine alone is no part of a clinic's day.
OMIT = ("*/migrations/*", "kapclinic/local/*", "*/management/*")
RULE = re.compile(r"^(R\d+|PR\d+|clinical policy \d+(?:\.\d+)?): (.+)$", re.MULTILINE)
NAMED = re.compile(r"^(R\d+|PR\d+|\d+(?:\.\d+)?)\b")


def rules(text: str) -> dict[str, str]:
    """Number -> the first sentence of every rule."""
    return {number: words.split(". ")[0] for number, words in RULE.findall(text)}


def named(checks: Iterable[str]) -> set[str]:
    """The numbers that the judge's checks begin with, as docs/rules.md writes them."""
    found = {match[1] for check in checks if (match := NAMED.match(check))}
    return {f"clinical policy {number}" if number[0].isdigit() else number for number in found}


def by_app(report: dict[str, Any]) -> dict[str, Counter[str]]:
    """App -> statements and branches, all and reached, of coverage's JSON report."""
    found = {app: Counter[str]() for app in APPS}
    for path, row in report["files"].items():
        app = Path(path).parts[0]
        for name in ("num_statements", "covered_lines", "num_branches", "covered_branches"):
            found[app][name] += row["summary"][name]
    return found


def line(name: str, row: Counter[str]) -> str:
    parts = [
        f"{what} {row[hit]} of {row[total]} ({100 * row[hit] / max(1, row[total]):.1f} %)"
        for what, hit, total in (
            ("statements", "covered_lines", "num_statements"),
            ("branches", "covered_branches", "num_branches"),
        )
    ]
    return f"{name:<10} {', '.join(parts)}"


def reached(plans: list[Plan]) -> tuple[dict[str, Any], Counter[str]]:
    """Live the worlds of `plans` under measurement: coverage's report, and how often each check was made."""
    from coverage import Coverage  # here, because only this command needs it

    measured = Coverage(branch=True, source=list(APPS), omit=list(OMIT), data_file=None)
    checked = Counter[str]()
    measured.start()
    with servers() as running:
        from tests.simulation.world import World

        for plan in plans:
            with running.fresh():
                world = World(plan.seed, plan.days)
                world.live()
            if world.violation is not None:
                raise world.violation
            checked += world.judge.checked
    measured.stop()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        measured.json_report(outfile=file.name)
        return json.loads(Path(file.name).read_text()), checked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=84, help="clinic days, 42 a world")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    worlds = -(-options.days // (2 * WORLD_DAYS))
    length = WORLD_DAYS if worlds > 1 else max(1, -(-options.days // 2))
    plans = [Plan(options.seed + number, length) for number in range(worlds)]
    report, checked = reached(plans)
    apps = by_app(report)
    for app, row in apps.items():
        sys.stdout.write(f"{line(app, row)}\n")
    whole: Counter[str] = sum(apps.values(), Counter())
    sys.stdout.write(f"{line('all', whole)}\n")
    all_rules = rules((ROOT / "docs/rules.md").read_text())
    never = [number for number in all_rules if number not in named(checked)]
    sys.stdout.write(f"rules put to the test: {len(all_rules) - len(never)} of {len(all_rules)}\n")
    for number in never:
        sys.stdout.write(f"never: {number}: {all_rules[number]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
