"""The clinic's machine is lost while somebody works; it comes back from the shelf, to the last second and to a moment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kapclinic.backup.programs import Programs
from kapclinic.backup.rebuilding import restore
from kapclinic.backup.sealing import Keys
from kapclinic.backup.shelf import Shelf
from kapclinic.backup.troubles import BackupError
from kapclinic.local import drill
from kapclinic.local.binaries import find_binaries
from kapclinic.local.drill import LOG_SECONDS, Ground
from kapclinic.local.services import Pair
from kapclinic.local.template import PREFIX
from kapclinic.local.testrun import TestRun
from kapclinic.local.warm import Launcher
from tests.local.made import Made, copied


@pytest.fixture
def ground(launcher: Launcher) -> Iterator[Ground]:
    base = Path(tempfile.mkdtemp(prefix="kap-test-"))
    base.chmod(0o711)
    yield Ground(base=base, launcher=launcher)
    shutil.rmtree(base, ignore_errors=True)


def test_what_was_committed_comes_back_from_elsewhere(ground: Ground, test_run: TestRun) -> None:
    copied(ground.place("clinic"), test_run, Made.MIGRATED)

    def fill(pair: Pair) -> None:
        """The migrated database in the place of the empty one, and nowhere else in the cluster."""
        servers = pair.servers
        (template,) = servers.databases(PREFIX)
        servers.drop_database(drill.DATABASE)
        servers.create_database(drill.DATABASE, template=template)
        servers.drop_database(template)
        with servers.admin(drill.DATABASE) as connection:  # a few of the hundred thousand codes do as well
            connection.execute("DELETE FROM billing_diagnosis WHERE id % 100 > 0")
            connection.execute("VACUUM FULL billing_diagnosis")

    figures = drill.drill(ground, fill, seconds=LOG_SECONDS + 1, opens=False)
    assert figures["acts_kept"] > 3
    assert figures["rpo_seconds"] < drill.RPO_SECONDS
    assert figures["verify_audit"] == "ok"
    assert figures["to_a_moment"]["kept"] == figures["to_a_moment"]["wanted"]
    assert drill.passes(figures)

    # What can't be restored is refused by name, and nothing is left of the try.
    place = ground.place("refused")
    into = place.data / "pg"
    account = place.account.name if place.account else ""
    programs = Programs(folder=find_binaries(place).postgres, account=account)
    whole = Shelf(ground.shelf, Keys.parsed([ground.key]))

    def refused(why: str, shelf: Shelf = whole, **asked: Any) -> None:
        with pytest.raises(BackupError, match=why):
            restore(shelf, into=into, programs=programs, **asked)
        assert list(into.iterdir()) == []

    refused("BACKUP_KEY is not the key", Shelf(ground.shelf, Keys.parsed([Ground(base=ground.base).key])))
    refused("holds no whole backup", to=datetime(2020, 1, 1, tzinfo=UTC))
    refused("The log ends before the moment of --to", to=datetime(2100, 1, 1, tzinfo=UTC))
    (manifest,) = whole.backups()
    (base,) = ground.shelf.glob("backups/*/base.tar.kap")
    with base.open("r+b") as file:
        file.seek(base.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    refused("base.tar was changed or cut off")
    base.unlink()
    refused("base.tar is missing")
    last = manifest.log_files[-1]
    whole.put_log(manifest.cluster, f"{last[:20]}{int(last[20:], 16) + 9:04X}", [b"later"])
    refused("is missing, and later ones are there")  # which is seen before a file is read
