"""`manage.py export_anchor`: the ends of the chains, to be kept where the database's administrators can't write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.core import clock
from kapclinic.trail import anchors, services
from kapclinic.trail.places import Away


class Command(BaseCommand):
    help = "Writes the last link of the audit chain and of every drug lot's ledger as JSON, with its SHA-256."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="write here, and print the SHA-256 alone")
        parser.add_argument(
            "--outside", action="store_true", help="put it at ANCHOR_URL now, and print its name"
        )
        parser.add_argument(
            "--restored",
            metavar="REASON",
            default="",
            help="with --outside: a backup was restored, so the chains may be shorter than the newest anchor says",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["restored"] and not options["outside"]:
            raise CommandError("--restored belongs to --outside.")
        while services.seal_events(everything=True):
            pass
        if options["outside"]:
            self.stdout.write(self._put(options["restored"]))
            return
        content = anchors.present(at=clock.now())
        text = anchors.written(content)
        path: Path | None = options["file"]
        if path is None:
            self.stdout.write(text, ending="")
            return
        whole = path.with_name(f".{path.name}.new")
        whole.write_text(text)
        whole.replace(path)  # a reader never sees half of it
        self.stdout.write(content["sha256"])

    def _put(self, restored: str) -> str:
        at = clock.now()
        place = anchors.outside(at=at)
        if place is None:
            raise CommandError("ANCHOR_URL names no place.")
        try:
            return anchors.put_anchor(place, at=at, restored=restored)
        except (Away, anchors.Untrue) as exc:
            raise CommandError(f"{exc}.") from exc
