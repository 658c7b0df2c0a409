"""What a backup that was killed left behind: an unsealed copy of the cluster, the server that looked at it, a slot.

A backup that is told to stop takes all of it away itself; one that was killed can't, so the next one does.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kapclinic.backup import database
from kapclinic.backup.programs import Programs
from kapclinic.backup.troubles import BackupError

FOLDER = "kap-backup-"
SLOT = "kap_backup_"


@contextmanager
def alone(scratch: Path) -> Iterator[None]:
    """One backup at a time uses the scratch folder.

    :raises BackupError: while another one does
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "kap-backup.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise BackupError(f"Another backup is being taken in {scratch}.") from exc
        yield


def clear(scratch: Path, *, url: str, programs: Programs) -> None:
    """Take away what earlier ones left. The caller is alone here.

    :raises BackupError: when the server at `url` is away
    """
    for folder in sorted(scratch.glob(f"{FOLDER}*/")):
        cluster = folder / "pg"
        if (cluster / "postmaster.pid").exists():
            with suppress(BackupError):
                programs.run("pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)
    database.drop_left_slots(url, SLOT)
