"""Bring a whole practice, the archive of an export, into an empty clinic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.records.services.practice_import import bring_in
from billing.records.services.practice_reading import NotBroughtIn
from kapclinic.core import clock


class Command(BaseCommand):
    help = (
        "Load the archive of a practice export into a clinic in which nobody has been, whole or not at all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="practice-….zip, as practice-exports/{id}/file/ gave it")
        parser.add_argument("--sha256", help="of the file, as practice-exports/{id}/ told it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = bring_in(path=options["file"], sha256=options["sha256"], at=clock.now())
        except NotBroughtIn as refused:
            raise CommandError(str(refused)) from refused
        tables = sum(1 for rows in counts.values() if rows)
        self.stdout.write(f"{sum(counts.values())} rows of {tables} tables are here as they left.")
        self.stdout.write(
            "Nobody has a password: `create_admin --another` makes an administrator, who gives each a new one."
        )
