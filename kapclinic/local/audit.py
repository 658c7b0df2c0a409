"""`make audit`: known vulnerabilities of the locked packages, by pip-audit, when its source can be reached.

Without the network pip-audit may find nothing and say that all is well. So the source is first asked about a release
that is known to be vulnerable; when it doesn't say so, the step is skipped, in words.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request

from kapclinic.local.places import CHECKOUT

KNOWN = "django==3.2"
LOCKS = ("requirements.lock", "requirements-observe.lock")
SECONDS = 10


def knows(address: str = KNOWN) -> bool:
    """Does the source tell of a vulnerability that everybody knows?"""
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            return bool(json.load(answer).get("vulnerabilities"))
    except (OSError, ValueError, urllib.error.URLError):
        return False


def main() -> int:
    if not knows():
        sys.stdout.write(
            f"- audit skipped: {KNOWN} can't be reached, or tells of no vulnerability. Nothing was looked at.\n"
        )
        return 0
    words = ["--strict", "--disable-pip", "--no-deps", "--require-hashes", "--progress-spinner=off"]
    worst = 0
    for lock in LOCKS:
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(CHECKOUT / lock), *words]
        worst = max(worst, subprocess.run(command, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
