"""Load a later ICD-10-CM set (they change on 1 October and 1 April)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.codes import services
from kapclinic.core.errors import ClinicError


class Command(BaseCommand):
    help = "Load an ICD-10-CM set from a file (code<TAB>0|1<TAB>description, may be gzipped) and close codes that left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, required=True)
        words = "its first day, e.g. 2026-10-01"
        parser.add_argument("--effective", type=date.fromisoformat, required=True, help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            added, closed = services.load_diagnoses(path=options["file"], effective=options["effective"])
        except (ClinicError, OSError, UnicodeDecodeError) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{added} added, {closed} closed")
