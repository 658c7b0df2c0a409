"""A streaming standby of an embedded cluster, as a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

from kapclinic.local.binaries import find_binaries
from kapclinic.local.ports import wait_until
from kapclinic.local.postgres import Postgres


@dataclass(frozen=True, kw_only=True)
class Standby(Postgres):
    """A cluster that follows the one of the tests, whose roles and passwords it has."""

    primary: str  # the superuser's URL

    def begin(self) -> None:
        base_backup = find_binaries(self.place).postgres / "pg_basebackup"
        self.place.run(
            *(base_backup, "--dbname", self.primary, "--pgdata", self.folder, "--write-recovery-conf"),
            *("--checkpoint=fast", "--no-sync", "--wal-method=stream"),
        )
        self._launch(find_binaries(self.place).postgres)

    def again(self) -> None:
        """Start it again after it was killed."""
        self._launch(find_binaries(self.place).postgres)

    def promote(self) -> None:
        """Follow nobody any more."""
        assert self.ask("SELECT pg_promote(true, 30)")[0]

    def ask(self, statement: str) -> Any:
        found = urlsplit(self.primary)
        here = found._replace(netloc=f"{found.username}:{found.password}@127.0.0.1:{self.port}").geturl()
        with psycopg.connect(here, autocommit=True) as connection:
            return connection.execute(statement).fetchone()

    def catch_up(self) -> None:
        """Wait until all that the primary has committed is here.

        A standby takes nobody while a transaction of more than 64 savepoints is open on the primary, as those of other
        tests may be: each ends within two minutes or so.
        """
        with psycopg.connect(self.primary, autocommit=True) as connection:
            row = connection.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        assert row is not None
        behind = f"SELECT pg_last_wal_replay_lsn() >= '{row[0]}'::pg_lsn"
        assert wait_until(lambda: self._says(behind), seconds=180)

    def _says(self, statement: str) -> bool:
        try:
            return bool(self.ask(statement)[0])
        except psycopg.OperationalError:
            return False
