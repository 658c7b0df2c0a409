"""What the settings say to all three commands."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from kapclinic.backup.programs import Programs
from kapclinic.backup.sealing import Keys
from kapclinic.backup.shelf import Shelf


def shelf(root: Path) -> Shelf:
    """:raises BackupError: when BACKUP_KEY holds no key"""
    return Shelf(root.absolute(), Keys.parsed(settings.BACKUP_KEY))


def programs() -> Programs:
    folder = Path(settings.BACKUP_PROGRAMS) if settings.BACKUP_PROGRAMS else None
    return Programs(folder=folder, account=settings.BACKUP_ACCOUNT)
