"""`manage.py restore SRC --into EMPTY_CLUSTER [--to TIME]`: the cluster again, to the last second or to a moment."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.backup import rebuilding
from kapclinic.backup.management.given import programs, shelf
from kapclinic.backup.troubles import BackupError


class Command(BaseCommand):
    help = "Restores the newest backup of the folder SRC, and the log, into an empty folder, and leaves it stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("src", type=Path, metavar="SRC", help="the folder that `backup` wrote to")
        parser.add_argument("--into", type=Path, required=True, help="an empty folder: the new cluster's own")
        parser.add_argument(
            "--to", type=_moment, help="this moment, with its offset; else to the last second kept"
        )
        parser.add_argument(
            "--backup", default="", metavar="ID", help="begin with this one, not with the newest"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = rebuilding.restore(
                shelf(options["src"]),
                into=options["into"].absolute(),
                programs=programs(),
                to=options["to"],
                name=options["backup"],
            )
        except BackupError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(json.dumps(told))


def _moment(text: str) -> datetime:
    """:raises ArgumentTypeError: for what is no moment, or one of no time zone"""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ArgumentTypeError("A moment like 2026-05-04T10:31:00-06:00.") from exc
    if found.tzinfo is None:
        raise ArgumentTypeError("A moment with its offset, like 2026-05-04T10:31:00-06:00.")
    return found
