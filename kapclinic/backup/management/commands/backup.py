"""`manage.py backup DEST`: one backup of the whole cluster, sealed, restored for a look, and old ones taken away."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kapclinic.backup import taking
from kapclinic.backup.management.given import programs, shelf
from kapclinic.backup.troubles import BackupError
from kapclinic.core import clock


def _stop(number: int, _: object) -> None:
    raise SystemExit(128 + number)


class Command(BaseCommand):
    help = "Takes a backup of the cluster of BACKUP_DATABASE_URL into the folder DEST, and checks it by a restore."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "dest", type=Path, metavar="DEST", help="a folder that is there, on another machine's disk"
        )
        parser.add_argument(
            "--keep", type=int, default=settings.BACKUP_KEEP, help="how many checked ones stay"
        )
        parser.add_argument(
            "--after",
            default="",
            metavar="SEQUENCE:HASH",
            help="of verify_audit, when the beginning of the audit chain is in the archive",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)  # what lies unsealed is taken away first
        try:
            plan = taking.Plan(
                shelf=shelf(options["dest"]),
                url=settings.BACKUP_DATABASE_URL,
                runtime=_runtime(),
                programs=programs(),
                scratch=Path(settings.BACKUP_SCRATCH),
                after=options["after"],
                now=clock.now,
            )
            manifest = taking.take(plan)
            gone = plan.shelf.thin_out(cluster=manifest.cluster, keep=options["keep"], at=clock.now())
        except BackupError as exc:
            raise CommandError(str(exc)) from exc
        except psycopg.Error as exc:
            raise CommandError(f"The database refuses: {type(exc).__name__}.") from exc
        told = {
            "backup": manifest.id,
            "bytes": sum(file["size"] for file in manifest.files.values()),
            "tables": len(manifest.tables),
            "rows": sum(int(rows) for rows, _ in manifest.tables.values()),
            "checked_at": manifest.checked_at,
            "seconds": round(time.monotonic() - began, 1),
            "taken_away": gone,
        }
        self.stdout.write(json.dumps(told))


def _runtime() -> str:
    """The runtime role's address, which `verify_audit` uses on the scratch cluster."""
    database = settings.DATABASES["default"]
    parts = {"user": database["USER"], "password": database["PASSWORD"]}
    return psycopg.conninfo.make_conninfo(**parts)
