"""`make teeth`: plant each fault in a scratch copy, live up to 60 clinic days there, and see whether it is found."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kapclinic.local.places import default_place
from tests.simulation.faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parent.parent.parent
DAYS = 60  # clinic days that each fault is given
ENOUGH = 28  # of thirty
LIVED = re.compile(r"^days=(\d+) .* trace=", re.MULTILINE)


@dataclass(frozen=True)
class Tried:
    """What became of one fault."""

    fault: Fault
    found: bool
    days: str
    words: str

    def line(self) -> str:
        verdict = f"found after {self.days} clinic days" if self.found else "MISSED"
        return f"{self.fault.name}: {verdict}: {self.words}"


def copied(to: Path) -> None:
    """The working tree as git knows it, without what was compiled from it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)


def _apart(copy: Path) -> dict[str, str]:
    """Its own code, of which nothing compiled is kept; the servers and the migrated template of this checkout."""
    place = str(default_place().base)
    return {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy), "KAP_EMBED_DIR": place}


def tried(fault: Fault, *, seed: int, days: int) -> Tried:
    """:raises Moved: when the code of the fault is not where it was"""
    with tempfile.TemporaryDirectory(prefix="teeth-") as folder:
        copy = Path(folder)
        copied(copy)
        fault.plant(copy)
        soak = ["-m", "tests.simulation.soak", "soak", "--days", str(days), "--seed", str(seed)]
        run = subprocess.run(
            [sys.executable, *soak, "--quick", "--processes", "1"],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | _apart(copy),
        )
    told = [line for line in run.stdout.splitlines() if line.startswith("seed=")]
    lived = LIVED.search(run.stdout)
    if not told and lived is None:  # the copy did not live at all: that finds nothing
        return Tried(fault, False, "0", run.stderr[-600:])
    words = told[0][:160] if told else "nothing was seen"
    return Tried(fault, run.returncode == 1 and bool(told), lived[1] if lived else "?", words)


def tell(
    faults: Sequence[Fault],
    *,
    jobs: int,
    enough: int,
    say: Callable[[str], None],
    try_one: Callable[[Fault], Tried],
) -> int:
    """A line for each fault as it ends, one of them all, and 1 when too few were found."""
    caught = 0
    with ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(try_one, faults):
            caught += result.found
            say(result.line())
    say(f"{caught} of {len(faults)} planted faults found")
    return 0 if caught >= min(enough, len(faults)) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the faults whose name holds this")
    parser.add_argument("--days", type=int, default=DAYS, help="clinic days that each fault is given")
    parser.add_argument("--jobs", type=int, default=2, help="faults that are tried at the same time")
    options = parser.parse_args()

    def say(words: str) -> None:
        sys.stdout.write(f"{words}\n")
        sys.stdout.flush()

    faults = [fault for fault in FAULTS if options.only in fault.name]
    return tell(
        faults,
        jobs=options.jobs,
        enough=ENOUGH,
        say=say,
        try_one=lambda fault: tried(fault, seed=options.seed, days=options.days),
    )


if __name__ == "__main__":
    sys.exit(main())
