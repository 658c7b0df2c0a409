"""`make teeth`: plant each fault in a scratch copy, live up to 60 clinic days there, and see whether it is found."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.simulation.faults import FAULTS, Fault

ROOT = Path(__file__).resolve().parent.parent.parent
DAYS = 60  # clinic days that each fault is given


def found(fault: Fault, *, seed: int) -> tuple[bool, str]:
    """Whether the judge raised, and the line in which it said so."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "planted"
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, copy / name)
        fault.plant(copy)
        words = [
            sys.executable,
            "-m",
            "tests.simulation.soak",
            "soak",
            "--days",
            str(DAYS),
            "--seed",
            str(seed),
            "--quick",
        ]
        run = subprocess.run(words, cwd=copy, capture_output=True, text=True, check=False)
    told = [line for line in run.stdout.splitlines() if line.startswith("seed=")]
    return run.returncode == 1 and bool(told), told[0][:160] if told else run.stderr[-300:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the faults whose name holds this")
    options = parser.parse_args()
    tried = [fault for fault in FAULTS if options.only in fault.name]
    caught = 0
    for fault in tried:
        hit, words = found(fault, seed=options.seed)
        caught += hit
        sys.stdout.write(f"{'found ' if hit else 'MISSED'} {fault.name}: {words}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{caught} of {len(tried)} planted faults found\n")
    return 0 if caught == len(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
