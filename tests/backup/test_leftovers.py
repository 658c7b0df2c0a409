"""What a backup that was killed left behind goes with the next one; and two are never taken in one place at once."""

from __future__ import annotations

import signal
from pathlib import Path

import psycopg
import pytest

from kapclinic.backup import leftovers
from kapclinic.backup.management.commands import backup
from kapclinic.backup.programs import Programs
from kapclinic.backup.troubles import BackupError
from kapclinic.local.servers import with_path
from kapclinic.local.testrun import TestRun


def test_the_next_backup_takes_away_what_a_killed_one_left(tmp_path: Path, test_run: TestRun) -> None:
    left, other = tmp_path / "kap-backup-abc" / "pg", tmp_path / "kap-log"
    for folder in (left, other):
        folder.mkdir(parents=True)
        (folder / "base").write_text("unsealed")
    url = with_path(test_run.servers.superuser, "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        kept = connection.execute("SELECT current_setting('max_replication_slots')::int").fetchone()
        assert kept is not None
        for name in ("kap_backup_left", "kap_backups_of_the_log") if kept[0] > 1 else ():
            connection.execute("SELECT pg_create_physical_replication_slot(%s)", [name])
        leftovers.clear(tmp_path, url=url, programs=Programs(folder=None, account=""))
        assert (left.parent.exists(), other.exists()) == (False, True)
        slots = connection.execute("SELECT slot_name FROM pg_replication_slots").fetchall()
        assert ("kap_backup_left",) not in slots
        if kept[0] > 1:
            assert ("kap_backups_of_the_log",) in slots
            connection.execute("SELECT pg_drop_replication_slot('kap_backups_of_the_log')")


def test_two_backups_are_not_taken_in_one_place_at_once(tmp_path: Path) -> None:
    with (
        leftovers.alone(tmp_path / "scratch"),
        pytest.raises(BackupError, match="Another backup"),
        leftovers.alone(tmp_path / "scratch"),
    ):
        pass
    with leftovers.alone(tmp_path / "scratch"):
        pass


def test_a_backup_that_is_told_to_stop_tidies_up_first() -> None:
    with pytest.raises(SystemExit) as told:
        backup._stop(signal.SIGTERM, None)
    assert told.value.code == 128 + signal.SIGTERM
