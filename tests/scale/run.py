"""``python -m tests.scale.run``: bring the house up, prove line by line, and say what was left out; 1 when one fails."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.scale.lines import Lines, write

if TYPE_CHECKING:
    from tests.scale.house import House
    from tests.scale.work import Work

LEFT_OUT = (
    "several hosts and a network between them: every process is on one machine, behind an address that moves",
    "a proxy in front: the clients take the two webs by turns, and ask the other when one does not answer",
    "whoever decides that a standby takes over: the test promotes it, and moves the address, itself",
    "a disk that is lost, a network that is cut in two, a clock that is wrong",
)
COURSES, WATCHED = 20, 4
DEATHS = 8 * 3  # doses that are given while something dies


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.scale.run")
    asked.add_argument("--rounds", type=int, default=30, help="of each race")
    asked.add_argument("--only", action="append", help="this part alone; may be repeated")
    args = asked.parse_args()
    lines, began = Lines(), time.monotonic()
    from tests.scale.house import house

    with house() as at:
        from tests.scale import pooler  # it needs Django, which the house set up

        write(
            f"       PostgreSQL and Valkey are up, each with a replica, after {time.monotonic() - began:.0f} s"
        )
        doses = max(1, args.rounds // 3)
        work = opened(at, doses=4 * doses + 3 + DEATHS)
        write(
            f"       two webs, two workers and beat are up, with a clinic, after {time.monotonic() - began:.0f} s"
        )
        for name, prove in parts(work, at, lines, rounds=args.rounds, doses=doses).items():
            if not args.only or name in args.only:
                prove()
    lacking = pooler.find().lacking
    for what in (*LEFT_OUT, *([f"PgBouncer in transaction mode: {lacking}"] if lacking else [])):
        write(f"left out: {what}")
    write(f"{len(lines.failed)} failed, after {time.monotonic() - began:.0f} s")
    return 1 if lines.failed else 0


def opened(at: House, *, doses: int) -> Work:
    """The clinic's rows, then its processes: nothing that was made is at work before all is there."""
    from tests.scale.work import build

    work = build(courses=COURSES, watched=WATCHED, doses=doses)
    for web in at.webs:
        web.start("web")
    at.worker.start("worker", "beat")
    at.safety.start("worker")
    at.wait_ready()
    return work


def parts(
    work: Work, at: House, lines: Lines, *, rounds: int, doses: int
) -> Mapping[str, Callable[[], None]]:
    """In this order: the last one leaves the database on the machine of the standby."""
    from tests.scale import deaths, distance, pooler, races, reads
    from tests.scale.asking import Proxy

    return {
        "races": lambda: races.run(work, Proxy(at.ports), lines, rounds=rounds, doses=doses),
        "reads": lambda: reads.run(work, at, lines),
        "distance": lambda: distance.run(work, at, lines, times=rounds, doses=doses),
        "pooler": lambda: pooler.run(work, at, lines, rounds=rounds, doses=doses),
        "deaths": lambda: deaths.run(work, at, lines),
    }


if __name__ == "__main__":
    sys.exit(main())
