"""One line for each thing that was looked at."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field


@dataclass
class Lines:
    """What was proved, and what was not."""

    failed: list[str] = field(default_factory=list)
    where: str = ""  # what all of them are about

    def behind(self, what: str) -> Lines:
        """Lines of their own words, that fail with these."""
        return Lines(self.failed, f"behind {what}: ")

    def say(self, true: bool, what: str, why: str = "") -> None:
        """`what` holds, or `why` it does not."""
        what = self.where + what
        if not true:
            self.failed.append(what)
        said = f"ok     {what}" if true else f"FAILED {what}" + (f": {why}" if why else "")
        write(said)


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
