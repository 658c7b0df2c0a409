"""Days that nobody foresaw: the kept seeds, one fresh seed of the day, and that a seed is always the same story."""

from __future__ import annotations

import ast
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from kapclinic.local.testrun import TestRun
from tests.simulation import soak
from tests.simulation.faults import FAULTS, Fault, Moved
from tests.simulation.habits import HABITS, Chance
from tests.simulation.judge import Violation
from tests.simulation.life import Life
from tests.simulation.running import Running
from tests.simulation.shrink import Plan, shorter
from tests.simulation.stack import wired
from tests.simulation.teeth import Tried, tell
from tests.simulation.trace import Call
from tests.simulation.world import World

SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.json"))
ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
QUIET = "key_acts_twice"  # the seed whose only day nobody comes on
BUDGET_SECONDS = 8  # of this process alone, for the fresh seed; each kept one is a short story
Fresh = Callable[[], AbstractContextManager[None]]


def _lived(plan: Plan, fresh: Fresh, *, seconds: float = 600) -> World:
    """The world of a plan, or as many days of it as fit into the time, which a busy machine does not shorten."""
    with fresh():
        until = time.process_time() + seconds
        world = World(plan.seed, plan.days, only=plan.only, without=plan.without)
        world.live(enough=lambda: time.process_time() > until)
    return world


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_what_a_seed_once_found_does_not_come_back(
    path: Path, fresh: Fresh, request: pytest.FixtureRequest
) -> None:
    is_quiet = path.stem == QUIET
    world = request.getfixturevalue("quiet")() if is_quiet else _lived(Plan.read(path), fresh)
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


def test_the_same_seed_is_the_same_story_to_the_last_byte(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    for habit in ("meets a rival", "meets the sweep", "does it with a colleague"):
        monkeypatch.setitem(HABITS, habit, 40)
    plan = Plan(7, 1, only=frozenset(range(2, 4)))
    first, second = _lived(plan, fresh), _lived(plan, fresh)
    assert first.violation is None, first.violation
    assert first.trace.digest == second.trace.digest
    assert first.trace.acts["met waited"] > 0
    assert first.trace.acts["met between"] > 0


@pytest.fixture(scope="module")
def quiet(
    test_run: TestRun, django_db_blocker: DjangoDbBlocker, django_db_setup: None
) -> Iterator[Callable[[], World]]:
    """A clinic that was open for a day on which nobody came; whatever is tried in it has the luck of that evening."""
    (plan,) = (Plan.read(path) for path in SEEDS if path.stem == QUIET)
    assert (plan.days, plan.only) == (1, frozenset())
    with django_db_blocker.unblock(), Running(test_run).fresh():
        world = World(plan.seed, plan.days, only=plan.only, without=plan.without)
        world.live()
        luck, known = world.stack.chance.getstate(), dict(world.stack._lengths)

        def evening() -> World:
            world.stack.chance.setstate(luck)
            world.stack._lengths = dict(known)
            return world

        yield evening


@pytest.mark.parametrize(
    ("number", "share", "fate", "answers"),
    [(1, 0.0, "between", [201, 409]), (3, 0.5, "waited", [201, 409]), (5, 9, "after", [201, 409])],
)
def test_two_desks_that_open_a_course_at_once_are_each_told_once(
    quiet: Callable[[], World],
    django_db_blocker: DjangoDbBlocker,
    number: int,
    share: float,
    fate: str,
    answers: list[int],
) -> None:
    """Who needs what the other one holds waits for it, and is heard only when it has ended."""
    world, heard = quiet(), list[Call]()
    stack, before = world.stack, Counter(world.trace.acts)
    life = Life(world.clinic, world.clinic.houses[0], number, Chance("one", frozenset(HABITS)))
    stack.heard = lambda call: heard.append(call) if call.path == "programs/" else None
    with django_db_blocker.unblock(), wired(stack):
        life.open_program = lambda: False  # type: ignore[method-assign]
        life.register()
        rival = stack.rival(life.desk, "programs/", life.asked_for())
        with stack.beside(rival, share):
            stack.post(life.desk, "programs/", life.asked_for())
    met = {name: count for name, count in (world.trace.acts - before).items() if name.startswith("met ")}
    assert met == {f"met {fate}": 1}, world.trace.last
    assert [call.status for call in heard] == answers
    assert heard[0].at > heard[1].at if fate == "between" else heard[0].at < heard[1].at


def test_a_world_without_a_habit_is_lived_on_with_the_others() -> None:
    found = shorter(Plan(1, 9), fails=lambda plan: plan.only is None or 17 in plan.only, patience=5)
    assert found.only == frozenset({17})
    assert found.without == frozenset(HABITS)


def test_a_world_that_breaks_is_told_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(self: World) -> None:
        raise KeyError("a fault of the story itself")

    monkeypatch.setattr(World, "live", falls)
    running = Running(None)
    monkeypatch.setattr(running, "fresh", nullcontext)
    told = soak.lived(running, Plan(7, 3))
    assert told.rule == soak.BROKEN
    assert "a fault of the story itself" in told.why


def test_too_few_faults_that_were_found_are_a_failure() -> None:
    said: list[str] = []

    def ended(missed: int) -> int:
        faults = FAULTS[:30]
        return tell(
            faults,
            jobs=2,
            enough=28,
            say=said.append,
            try_one=lambda fault: Tried(fault, faults.index(fault) >= missed, "4", "R4: one is owed"),
        )

    assert (ended(2), ended(3)) == (0, 1)
    assert said[-1] == "27 of 30 planted faults found"
    assert said[0].endswith("MISSED: R4: one is owed")
    assert said[29].endswith("found after 4 clinic days: R4: one is owed")


def test_a_fault_whose_code_has_moved_fails_loudly(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("a = 1\nb = 2\nb = 2\n")
    Fault("one", "code.py", "a = 1", "a = 3").plant(tmp_path)
    assert (tmp_path / "code.py").read_text().startswith("a = 3")
    for gone in ("a = 1", "b = 2"):
        with pytest.raises(Moved, match=gone):
            Fault("two", "code.py", "a = 3", "a = 4", more=((gone, "c = 1"),)).plant(tmp_path)


def test_each_planted_fault_still_has_its_place(tmp_path: Path) -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == 30
    for number, fault in enumerate(FAULTS):
        copy = tmp_path / str(number)
        (copy / fault.path).parent.mkdir(parents=True)
        (copy / fault.path).write_text((ROOT / fault.path).read_text())
        fault.plant(copy)
        if fault.path.endswith(".py"):
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
