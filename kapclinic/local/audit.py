"""`make audit`: known vulnerabilities of the locked packages, by pip-audit, when its source can be reached.

Without the network pip-audit may find nothing and say that all is well. So the source is first asked about a release
that is known to be vulnerable; when it doesn't say so, the step is skipped, in words.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from kapclinic.local.places import CHECKOUT

KNOWN = "django==3.2"  # everybody knows that it is vulnerable
LOCKS = ("requirements.lock", "requirements-observe.lock")
AUDIT = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner=off"]
SECONDS = 10  # for an answer of the source
LONGEST = 60  # for the question


def tells(report: str) -> bool:
    """Does this report of pip-audit, JSON, name a vulnerability?"""
    try:
        return any(row["vulns"] for row in json.loads(report)["dependencies"])
    except (ValueError, KeyError, TypeError):
        return False


def knows() -> bool:
    """Does the source tell of a vulnerability that everybody knows?"""
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "known.txt"
        listed.write_text(f"{KNOWN}\n")
        words = ["--requirement", str(listed), "--format=json", f"--timeout={SECONDS}"]
        try:
            done = subprocess.run(
                [*AUDIT, *words], capture_output=True, text=True, check=False, timeout=LONGEST
            )
        except subprocess.TimeoutExpired:
            return False
    return tells(done.stdout)


def main() -> int:
    if not knows():
        sys.stdout.write(
            f"- audit skipped: its source can't be reached, or tells nothing of {KNOWN}. Nothing was looked at.\n"
        )
        return 0
    worst = 0
    for lock in LOCKS:
        command = [*AUDIT, "--strict", "--require-hashes", "--requirement", str(CHECKOUT / lock)]
        worst = max(worst, subprocess.run(command, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
