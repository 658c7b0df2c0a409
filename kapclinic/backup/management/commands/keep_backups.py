"""`manage.py keep_backups DEST`: the service that ships the log as it is written, and takes a backup a day."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection, transaction

from kapclinic.backup.keeping import Keeper
from kapclinic.backup.management.given import programs, shelf
from kapclinic.backup.troubles import BackupError
from kapclinic.core import clock
from kapclinic.trail.services import tell_backups

logger = logging.getLogger(__name__)
# What the clinic's database may cost: the log is shipped by whoever tells it, and waits meanwhile.
CONNECTING = {
    "connect_timeout": 10,  # seconds
    "tcp_user_timeout": 10_000,  # ms, to a host that vanished
    "keepalives_idle": 10,
    "keepalives_interval": 5,
}
LOCK, STATEMENT = "3s", "5s"


def tell(content: Mapping[str, object]) -> None:
    """To the clinic's database, over a connection that is let go of. One that is away, or held, is told later."""
    began = _moment(content["newest_began_at"])
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
                    [LOCK, STATEMENT],
                )
            tell_backups(told_at=clock.now(), newest_began_at=began, ok=content["ok"] is True)
    except OperationalError as exc:
        logger.error("backups: the clinic's database hears no word: %s", type(exc).__name__)  # noqa: TRY400
    finally:
        if not connection.in_atomic_block:
            connection.close()


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


class Command(BaseCommand):
    help = "Ships the write-ahead log to the folder DEST while it is written, and takes a backup every BACKUP_HOURS."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "dest", type=Path, metavar="DEST", help="a folder that is there, on another machine's disk"
        )
        parser.add_argument(
            "--staging",
            type=Path,
            default=Path(settings.BACKUP_SCRATCH) / "kap-log",
            help="where the log lies, unsealed, until DEST has it",
        )
        parser.add_argument(
            "--after",
            default="",
            metavar="SEQUENCE:HASH",
            help="of verify_audit, when the beginning of the audit chain is in the archive",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keeper = Keeper(
                shelf=shelf(options["dest"]),
                url=settings.BACKUP_DATABASE_URL,
                programs=programs(),
                staging=options["staging"],
                hours=settings.BACKUP_HOURS,
                every=settings.BACKUP_LOG_SECONDS,
                now=clock.now,
                after=options["after"],
                told=Path(settings.BACKUP_STATUS) if settings.BACKUP_STATUS else None,
                tell=tell,
            )
        except BackupError as exc:
            raise CommandError(str(exc)) from exc
        connection.settings_dict["OPTIONS"] = CONNECTING | connection.settings_dict.get("OPTIONS", {})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: keeper.stopped.set())
        keeper.run()
