"""`make soak`, `make replay`: many worlds on two processes, and one world again.

``python -m tests.simulation.soak soak --days 1000 --seed 1`` lives through clinic days (one location's day each)
until that many are done or one goes wrong, and ends with 1 only then. A failure is shrunk to the shortest story that
still fails and written to a file that `tests/simulation/seeds/` keeps once it is mended.
"""

from __future__ import annotations

import argparse
import multiprocessing
import queue
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from tests.simulation import shrink
from tests.simulation.running import Running, servers

PROCESSES = 2
BROKEN = "the simulation itself broke"


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


@dataclass
class Lived:
    """What one world came to."""

    seed: int
    days: int
    acts: int
    doses: int
    faults: int
    invariants: int
    trace: str
    seconds: float
    rule: str = ""
    day: int = 0
    story: tuple[str, ...] = ()
    why: str = ""


def lived(running: Running, plan: shrink.Plan, *, tell: Any = None) -> Lived:
    """One world, in a clinic of its own."""
    from tests.simulation.world import World

    begun = time.monotonic()
    with running.fresh():
        world = World(plan.seed, plan.days, only=plan.only, without=plan.without, tell=tell)
        broken = _live(world)
    acts, found = world.trace.acts, world.violation
    faults = sum(acts[name] for name in FAULTS)
    return Lived(
        seed=plan.seed,
        days=world.lived,
        acts=acts["calls"],
        doses=len(world.judge.books.doses),
        faults=faults,
        invariants=sum(world.judge.checked.values()),
        trace=world.trace.digest,
        seconds=time.monotonic() - begun,
        rule=found.rule if found else BROKEN if broken else "",
        day=world.day if found or broken else 0,
        story=tuple(world.trace.last) if found or broken else (),
        why=str(found) if found else broken,
    )


def _live(world: Any) -> str:
    """Live it; a fault of the story or of the judge's own books is told like any other, and stops no other world."""
    try:
        world.live()
    except Exception:  # noqa: BLE001  (whatever it is: a world that ended unseen would hang the soak)
        return f"{BROKEN}\n{traceback.format_exc()}"
    return ""


FAULTS = ("died", "worker died", "message lost", "pass skipped", "step skipped")


def _worker(seeds: Any, told: Any, days: int) -> None:
    with servers() as running:
        while True:
            try:
                seed = seeds.get_nowait()
            except queue.Empty:
                told.put(None)
                return
            result = lived(running, shrink.Plan(seed, days))
            told.put(asdict(result))
            if result.rule:
                told.put(None)
                return


def soak(days: int, seed: int, *, quick: bool, processes: int = PROCESSES) -> int:
    """Worlds from `seed` on until `days` clinic days are lived; prints a figure a minute. `quick`: shrinks nothing."""
    worlds = -(-days // (shrink.WORLD_DAYS * 2))
    length = shrink.WORLD_DAYS if worlds > 1 else max(1, -(-days // 2))
    context = multiprocessing.get_context("spawn")
    seeds, told = context.Queue(), context.Queue()
    for number in range(worlds):
        seeds.put(seed + number)
    people = [
        context.Process(target=_worker, args=(seeds, told, length)) for _ in range(min(processes, worlds))
    ]
    for process in people:
        process.start()
    total, traces, failed = Counter[str](), {}, []
    begun = spoken = time.monotonic()
    ended = 0
    while ended < len(people):
        result = told.get()
        if result is None:
            ended += 1
            continue
        for name in ("days", "acts", "doses", "faults", "invariants"):
            total[name] += result[name]
        traces[result["seed"]] = result["trace"]
        if result["rule"]:
            failed.append(result)
            while not seeds.empty():
                seeds.get_nowait()
        if time.monotonic() - spoken > 60 or result["rule"]:
            spoken = time.monotonic()
            hours = (spoken - begun) / 3600
            say(f"{_figures(total)} ({total['days'] / hours:.0f} days an hour)")
    for process in people:
        process.join()
    for result in failed:
        _tell(result, quick=quick)
    say(f"{_figures(total)} trace={shrink.digest(traces)}")
    return 1 if failed else 0


def _figures(total: Counter[str]) -> str:
    return " ".join(f"{name}={total[name]}" for name in ("days", "acts", "doses", "faults", "invariants"))


def _tell(result: dict[str, Any], *, quick: bool) -> None:
    say(f"seed={result['seed']} day={result['day']} {result['why']}")
    for line in result["story"][-25:]:
        say(f"    {line}")
    if quick:
        return
    with servers() as running:
        shortest = shrink.shorter(
            shrink.Plan(result["seed"], result["day"]),
            fails=lambda plan: lived(running, plan).rule == result["rule"],
        )
    kept = shortest.text(found=result["rule"])
    say("the shortest story that still fails, to be kept in tests/simulation/seeds/ once it is mended:")
    say(kept)


def replay(seed: int, day: int, plan: str) -> int:
    """The acts of one day, in words."""
    found = shrink.Plan.read(plan) if plan else shrink.Plan(seed, day)
    with servers() as running:
        result = lived(
            running, shrink.Plan(found.seed, day or found.days, found.only, found.without), tell=_day(day)
        )
    say(result.why or "nothing wrong")
    return 1 if result.rule else 0


def _day(day: int) -> Any:
    def tell(world: Any) -> None:
        if not day or world.day == day:
            say("\n".join(world.trace.last))
        world.trace.last.clear()

    return tell


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["soak", "replay"])
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--day", type=int, default=0)
    parser.add_argument("--plan", default="", help="a file of tests/simulation/seeds")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--quick", action="store_true", help="show a failure, and shrink nothing")
    options = parser.parse_args()
    if options.command == "soak":
        return soak(options.days, options.seed, quick=options.quick, processes=options.processes)
    return replay(options.seed, options.day, options.plan)


if __name__ == "__main__":
    sys.exit(main())
