"""The embedded PostgreSQL cluster: made, started, recovered and stopped through pg_ctl."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from kapclinic.local.binaries import find_binaries
from kapclinic.local.places import LocalError, Place
from kapclinic.local.ports import process_with, wait_until

SUPERUSER, OWNER, RUNTIME = "kap", "kap_owner", "kap_app"
# Production passes the same (POSTGRES_INITDB_ARGS), so that names sort alike everywhere.
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "scram_iterations": "1",  # each password is 128 random bits: there is nothing to guess
    "max_connections": "200",
    "shared_buffers": "'128MB'",
}
SOCKET = 107  # bytes that the path of a socket may have; those of checkouts may be longer
# A refused statement, its parameters and the row in its DETAIL may name a client. As docker-compose.yml has them.
LOG = {
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One cluster below one place."""

    place: Place
    port: int
    passwords: dict[str, str]  # by role

    @property
    def folder(self) -> Path:
        return self.place.data / "pg"

    def url(self, role: str, database: str = "postgres") -> str:
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    @property
    def socket_folder(self) -> str | None:
        """Where the server listens beside its port, in a folder that is the server's own; None where none fits."""
        return str(self.place.data) if len(f"{self.place.data}/.s.PGSQL.65535".encode()) <= SOCKET else None

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url(SUPERUSER), connect_timeout=5).close()
        except psycopg.Error:
            return False
        return True

    def exists(self) -> bool:
        return (self.folder / "PG_VERSION").exists()

    def process(self) -> psutil.Process | None:
        """Return the postmaster, when the pid file tells the truth."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return process_with(pid, str(self.folder))

    def start(self) -> None:
        """Start the cluster, making or recovering it first when need be."""
        binaries = find_binaries(self.place).postgres
        if not self.exists():
            self._initialise(binaries)
        if self.process() is None:
            # After a reboot the pid may belong to a stranger, and PostgreSQL would refuse to start.
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
            self._launch(binaries)
        if not wait_until(self.answers, seconds=60):
            raise LocalError(
                f"PostgreSQL does not answer on port {self.port}; see {self.place.data / 'pg.log'}"
            )
        self._ensure_roles()
        self.quieten()

    def quieten(self) -> None:
        """Have the server's log say nothing of rows, also that of a cluster which an older checkout made."""
        with psycopg.connect(self.url(SUPERUSER), autocommit=True) as connection:
            rows = connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(LOG)]
            ).fetchall()
            telling = [name for name, value in rows if value != LOG[name]]
            for name in telling:
                statement = sql.SQL("ALTER SYSTEM SET {} = {}")
                connection.execute(statement.format(sql.Identifier(name), sql.Literal(LOG[name])))
            if telling:
                connection.execute("SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Stop the cluster, with force when it does not listen."""
        if self.process() is None:
            return
        pg_ctl = find_binaries(self.place).postgres / "pg_ctl"
        self.place.run(pg_ctl, "-D", self.folder, "-m", "fast", "-w", "-t", "60", "stop", check=False)
        if (left := self.process()) is not None:
            left.kill()
            left.wait(10)

    def kill(self) -> None:
        """Kill -9 the postmaster: for the tests of recovery."""
        if (postmaster := self.process()) is not None:
            os.kill(postmaster.pid, signal.SIGKILL)
            wait_until(lambda: self.process() is None, seconds=10)

    def _initialise(self, binaries: Path) -> None:
        """Make the cluster beside its place and move it there whole: a killed initdb leaves nothing half-made."""
        for left in self.place.data.glob("pg.new-*"):
            shutil.rmtree(left)
        fresh = self.place.data / f"pg.new-{os.getpid()}"
        password = self.place.write(self.place.data / "pg.password", self.passwords[SUPERUSER])
        try:
            self.place.run(
                *(binaries / "initdb", "-D", fresh, "-U", SUPERUSER, f"--pwfile={password}"),
                *("--auth=scram-sha-256", "--no-sync", "-c", "scram_iterations=1", *LOCALE),
            )
        finally:
            password.unlink()
        with (fresh / "postgresql.conf").open("a") as conf:
            own = SETTINGS | {"unix_socket_directories": f"'{self.socket_folder or ''}'"}
            conf.writelines(f"{name} = {value}\n" for name, value in own.items())
        fresh.rename(self.folder)

    def _launch(self, binaries: Path) -> None:
        log = self.place.data / "pg.log"
        command = (
            binaries / "pg_ctl",
            "-D",
            self.folder,
            "-w",
            "-t",
            "60",
            "-l",
            log,
            "-o",
            f"-p {self.port}",
            "start",
        )
        # Right after a kill -9 the old backends may still hold the shared memory for a moment.
        for _ in range(20):
            with contextlib.suppress(LocalError):
                self.place.run(*command)
                return
            if self.process() is not None:  # still recovering
                return
            time.sleep(0.5)
        raise LocalError(f"PostgreSQL does not start: {_tail(log)}")

    def _ensure_roles(self) -> None:
        rights = {
            OWNER: "LOGIN CREATEDB NOSUPERUSER NOCREATEROLE",
            RUNTIME: "LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE",
        }
        with psycopg.connect(self.url(SUPERUSER), autocommit=True) as connection:
            for role, may in rights.items():
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                statement = sql.SQL("{verb} ROLE {role} {may} PASSWORD {password}").format(
                    verb=sql.SQL("ALTER" if known else "CREATE"),
                    role=sql.Identifier(role),
                    may=sql.SQL(may),
                    password=sql.Literal(self.passwords[role]),
                )
                connection.execute(statement)


def _tail(path: Path) -> str:
    try:
        return path.read_text(errors="replace")[-1500:]
    except OSError:
        return "no log"
