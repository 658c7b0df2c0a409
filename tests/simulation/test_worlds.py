"""Days that nobody foresaw: the kept seeds, one fresh seed of the day, and that a seed is always the same story."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.simulation.faults import FAULTS
from tests.simulation.habits import HABITS
from tests.simulation.judge import Violation
from tests.simulation.shrink import Plan, shorter
from tests.simulation.world import World

SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.json"))
ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
BUDGET_SECONDS = 10  # of the fresh seed; each kept one is a short story
Fresh = Callable[[], AbstractContextManager[None]]


def _lived(plan: Plan, fresh: Fresh, *, seconds: float = 600) -> World:
    """The world of a plan, or as many days of it as fit into the time."""
    with fresh():
        until = time.monotonic() + seconds
        world = World(plan.seed, plan.days, only=plan.only, without=plan.without)
        world.live(enough=lambda: time.monotonic() > until)
    return world


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_what_a_seed_once_found_does_not_come_back(path: Path, fresh: Fresh) -> None:
    world = _lived(Plan.read(path), fresh)
    assert world.violation is None, f"{world.violation}\n" + "\n".join(world.trace.last)


def test_the_seed_of_the_day_is_lived_without_a_fault(
    capsys: pytest.CaptureFixture[str], fresh: Fresh
) -> None:
    seed = int(f"{datetime.now(UTC):%y%m%d}")
    world = _lived(Plan(seed, 21), fresh, seconds=BUDGET_SECONDS)
    told = f"seed={seed} days={world.lived} invariants={sum(world.judge.checked.values())}"
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")  # so that a failure can be lived again
    assert world.violation is None, f"{told}: {world.violation}\n" + "\n".join(world.trace.last)
    assert world.judge.checked.total() > 200


def test_the_same_seed_is_the_same_story_to_the_last_byte(fresh: Fresh) -> None:
    plan = Plan(7, 1, only=frozenset(range(2, 6)))
    assert _lived(plan, fresh).trace.digest == _lived(plan, fresh).trace.digest


def test_a_world_without_a_habit_is_lived_on_with_the_others() -> None:
    found = shorter(Plan(1, 9), fails=lambda plan: plan.only is None or 17 in plan.only, patience=5)
    assert found.only == frozenset({17})
    assert found.without == frozenset(HABITS)


def test_each_planted_fault_still_has_its_place(tmp_path: Path) -> None:
    for number, fault in enumerate(FAULTS):
        copy = tmp_path / str(number)
        (copy / fault.path).parent.mkdir(parents=True)
        (copy / fault.path).write_text((ROOT / fault.path).read_text())
        fault.plant(copy)
        compile((copy / fault.path).read_text(), fault.path, "exec")


def test_the_judge_knows_nothing_of_the_clinic_and_of_no_framework() -> None:
    tree = ast.parse((ROOT / "tests/simulation/judge.py").read_text())
    known = {name.split(".")[0] for node in ast.walk(tree) for name in _imported(node)}
    assert known <= set(sys.stdlib_module_names), known


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []


def test_only_a_simulation_seeds_the_randomness() -> None:
    """A key or a secret of a clinic never follows from a number."""
    code = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert [path for path in code if "chance.seeded" in path.read_text()] == []


def test_a_violation_says_which_rule() -> None:
    with pytest.raises(Violation, match="R4: one is owed"):
        raise Violation("R4", "one is owed")
