"""`manage.py verify_audit`: seal what waits, then walk every chain; beside an anchor, also its end."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.core import clock
from kapclinic.trail import anchors, rules, selectors, services
from kapclinic.trail.chains import registered
from kapclinic.trail.places import Away, Place


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
        given, away = self._anchors(options["anchor"])
        if given:  # before new links are put where old ones may have been
            self._walk(*options["after"])
            for named, content in given:
                self._compare(named, content)
        while services.seal_events(everything=True):
            pass
        self._walk(*options["after"])
        self.stdout.write("audit chain: every link holds.")
        for name, verify in registered():
            if (problem := verify()) is not None:
                raise CommandError(f"{name}: {problem}")
            self.stdout.write(f"{name}: every link holds.")
        if away:
            raise CommandError(away)

    def _anchors(self, path: Path | None) -> tuple[list[tuple[str, anchors.Content]], str]:
        """What the chains are held beside: the given file and the newest of the outside place; and why not that one.

        :raises CommandError: for one that is none, was changed or is not ours, and when those that were kept are gone
        """
        found = [] if path is None else [(f"anchor of {path.name}", _read(path))]
        at = clock.now()
        place = anchors.outside(at=at)
        try:
            newest = anchors.newest(place) if place is not None and place.readable else None
        except anchors.Untrue as exc:
            raise CommandError(f"{exc}.") from exc
        except Away as exc:
            return (
                found,
                f"The place of the anchors is away ({exc}): whether the end was cut off can't be seen.",
            )
        if newest is not None:
            return [*found, (f"newest anchor, {_age(at - newest.at)} old", newest.content)], ""
        if place is not None and place.readable and (kept := anchors.keeping(at=at)) and kept["age_seconds"]:
            raise CommandError("Anchors were kept, and the place has none: somebody took them away.")
        if not found:
            self.stdout.write(_unanchored(place))
        return found, ""

    def _walk(self, after: int, start: str) -> None:
        broken = rules.first_broken(selectors.sealed(), after=after, start=start)
        if broken is not None:
            raise CommandError(f"audit chain: link {broken.sequence} {broken.why}.")

    def _compare(self, named: str, content: anchors.Content) -> None:
        try:
            anchors.beside(content)
        except anchors.Untrue as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"{named}, of {content['at']}: everything that it holds is still there.")


def _unanchored(place: Place | None) -> str:
    if place is not None and not place.readable:
        return "no anchor: they go by mail, so give the newest with --anchor; else a cut end can't be seen."
    return "no anchor: a cut end can't be seen."


def _age(old: timedelta) -> str:
    """`old` in the largest unit of which it has two or more."""
    for seconds, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if old.total_seconds() >= 2 * seconds:
            return f"{int(old.total_seconds() // seconds)} {unit}"
    return f"{max(int(old.total_seconds()), 0)} seconds"


def _link(text: str) -> tuple[int, str]:
    """`12:ab…` as the number of a link and its hash.

    :raises ArgumentTypeError: for anything else
    """
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise ArgumentTypeError("The number of a link, a colon, and its hash of 64 digits.")
    return int(found[1]), found[2]


def _read(path: Path) -> anchors.Content:
    """The anchor in `path`.

    :raises CommandError: when it can't be read, is not as it was written, or has a signature that is not ours
    """
    try:
        return anchors.read(path.read_text(), signed=False)
    except OSError as exc:
        raise CommandError(f"{path} is not an anchor: {type(exc).__name__}.") from exc
    except anchors.Untrue as exc:
        raise CommandError(f"{path} {exc}.") from exc
