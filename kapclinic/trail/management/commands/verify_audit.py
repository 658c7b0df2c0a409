"""`manage.py verify_audit`: seal what waits, then walk every chain; beside an anchor, also its end."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.trail import rules, selectors, services
from kapclinic.trail.chains import anchors, registered


class Command(BaseCommand):
    help = "Checks the audit chain and every other registered hash chain; fails naming the first bad row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor", type=Path, help="a file of export_anchor: also finds ends that were cut off"
        )
        parser.add_argument(
            "--after",
            type=_link,
            default=(0, rules.GENESIS),
            metavar="SEQUENCE:HASH",
            help="the last link that was taken to the archive: the walk begins behind it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["anchor"] is not None:  # before new links are put where old ones may have been
            anchor = _read(options["anchor"])
            self._walk(*options["after"])
            self._compare(anchor)
        while services.seal_events(everything=True):
            pass
        self._walk(*options["after"])
        self.stdout.write("audit chain: every link holds.")
        for name, verify in registered():
            if (problem := verify()) is not None:
                raise CommandError(f"{name}: {problem}")
            self.stdout.write(f"{name}: every link holds.")

    def _walk(self, after: int, start: str) -> None:
        broken = rules.first_broken(selectors.sealed(), after=after, start=start)
        if broken is not None:
            raise CommandError(f"audit chain: link {broken.sequence} {broken.why}.")

    def _compare(self, anchor: dict[str, Any]) -> None:
        if (problem := selectors.beside_audit_anchor(anchor["audit"])) is not None:
            raise CommandError(f"audit chain: {problem}")
        for name, chain in anchors():
            if (problem := chain.beside(anchor.get(name, {}))) is not None:
                raise CommandError(f"{name}: {problem}")
        self.stdout.write(f"anchor of {anchor['at']}: everything that it holds is still there.")


def _link(text: str) -> tuple[int, str]:
    """`12:ab…` as the number of a link and its hash.

    :raises ArgumentTypeError: for anything else
    """
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise ArgumentTypeError("The number of a link, a colon, and its hash of 64 digits.")
    return int(found[1]), found[2]


def _read(path: Path) -> dict[str, Any]:
    """The anchor in `path`.

    :raises CommandError: when it can't be read, or is not as it was written
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        whole = content["sha256"] == rules.anchor_digest(content)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CommandError(f"{path} is not an anchor: {type(exc).__name__}.") from exc
    if not whole:
        raise CommandError(f"{path} was changed after it was written.")
    return content
