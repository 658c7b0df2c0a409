"""The script that prepares production's empty PostgreSQL, run against a cluster that has none of our roles."""

from __future__ import annotations

import os
import stat
import subprocess

import psycopg
import pytest

from kapclinic.backup.database import identify, mark, switch_segment
from kapclinic.local.binaries import find_binaries
from kapclinic.local.places import CHECKOUT
from kapclinic.local.postgres import OWNER, RUNTIME, SUPERUSER
from kapclinic.local.services import Pair


def test_the_init_script_makes_the_roles(pair: Pair) -> None:
    script = CHECKOUT / "deploy/postgres-init.sh"
    assert script.stat().st_mode & stat.S_IXUSR
    with pair.servers.admin() as connection:
        connection.execute(f"DROP ROLE {OWNER}")
        connection.execute(f"DROP ROLE {RUNTIME}")
    postgres = pair.postgres
    environment = {
        "PATH": f"{find_binaries(postgres.place).postgres}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
        "PGPASSWORD": postgres.passwords[SUPERUSER],
        "POSTGRES_USER": SUPERUSER,
        "OWNER_DB_PASSWORD": postgres.passwords[OWNER],
        "APP_DB_PASSWORD": postgres.passwords[RUNTIME],
        "BACKUP_DB_PASSWORD": "backups",
    }
    done = subprocess.run([script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(postgres.url(OWNER, "kapclinic"), autocommit=True) as owner:
        owner.execute("CREATE EXTENSION btree_gist")
        owner.execute("CREATE TABLE clinic ()")
    with psycopg.connect(postgres.url(RUNTIME, "kapclinic"), autocommit=True) as runtime:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("SELECT FROM clinic")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("CREATE TABLE mine ()")
    backup = f"postgresql://kap_backup:backups@127.0.0.1:{postgres.port}/kapclinic"
    assert identify(backup).timeline == 1
    counted = mark(backup, "a point")  # what a backup asks of its role, and no more
    assert counted["clinic"] == ["0", "0"]
    assert switch_segment(backup).startswith("00000001")
    with (
        psycopg.connect(backup, autocommit=True) as reader,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        reader.execute("INSERT INTO clinic DEFAULT VALUES")
