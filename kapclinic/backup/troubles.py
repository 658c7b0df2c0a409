"""What is in the way of a backup or a restore; the words go to whoever runs the command, and name no secret."""

from __future__ import annotations


class BackupError(Exception):
    """It can't be done; the message says why, and what to do."""


class WrongKey(BackupError):
    """No key of BACKUP_KEY opens this."""


class Damaged(BackupError):
    """A file is missing, or not as it was written."""
