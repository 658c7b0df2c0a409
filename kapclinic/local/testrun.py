"""One pytest process's share of the servers: its database, its broker database, and what earlier runs left."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import psycopg

from kapclinic.local import services
from kapclinic.local.binaries import find_binaries
from kapclinic.local.places import LocalError, Place, default_place, hold
from kapclinic.local.ports import free_port, process_with
from kapclinic.local.processes import sweep_orphans
from kapclinic.local.servers import Servers, with_path
from kapclinic.local.spares import Spares
from kapclinic.local.template import Template
from kapclinic.local.valkey import Valkey

# All tests ask from one address, more in a minute than a clinic does in a day; tests of the limits set them.
UNCOUNTED = {"STRANGER_PER_MINUTE": "0", "LOGINS_PER_MINUTE": "0", "ACCOUNT_PER_MINUTE": "0"}
OURS = re.compile(r"kap_test_(\d+)_\w+")


@dataclass(kw_only=True)
class TestRun:
    """Names are chosen at once, so that settings can load; databases are made when a test first asks for one."""

    __test__ = False

    servers: Servers
    place: Place
    embedded: bool
    worker: str
    valkey_database: int
    _holds: list[IO[str]]
    _template: Template | None = None
    _making: threading.Thread | None = None
    _counter: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _spares: Spares | None = None

    @classmethod
    def begin(cls) -> TestRun:
        """Start the pair, unless the environment names all servers (as it does in an xdist worker)."""
        place = default_place()
        place.prepare()
        if alone := hold(place.users, shared=False, wait=False):
            alone.close()
        using = [handle for handle in (hold(place.users),) if handle is not None]
        servers = Servers.given()
        embedded = servers is None
        if servers is None:
            servers = services.up(place).servers
            sweep(servers, place)
            if alone:
                servers.spare_the_disk(spare=True)
        number, lease = services.lease_valkey_database(place, servers)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        servers.flush_valkey(number)
        return cls(
            servers=servers,
            place=place,
            embedded=embedded,
            worker=worker,
            valkey_database=number,
            _holds=[*using, lease],
        )

    @property
    def database(self) -> str:
        return f"kap_test_{os.getpid()}_{self.worker}"

    @property
    def env(self) -> dict[str, str]:
        named = self.servers.env(database=self.database, valkey_database=self.valkey_database)
        return named | UNCOUNTED

    @property
    def socket_folder(self) -> str | None:
        """The folder of the server's socket, when it is the embedded one and has one."""
        pair = services.running(self.place)
        if pair is None or pair.servers.superuser != with_path(self.servers.superuser, "postgres"):
            return None
        folder = pair.postgres.socket_folder
        return folder if folder and Path(folder, f".s.PGSQL.{pair.postgres.port}").exists() else None

    def make_template_meanwhile(self) -> None:
        """Begin with the template, which others wait for. What goes wrong is told to whoever needs it then."""

        def make() -> None:
            with contextlib.suppress(LocalError, psycopg.Error, OSError):
                self._template = Template(self.servers)

        self._making = threading.Thread(target=make)
        self._making.start()

    def new_database(self, suffix: str = "") -> str:
        """Create a database from the template, migrated at most once per change of the migrations."""
        if self._template is None:
            self._template = Template(self.servers)
        name = self.database + suffix
        self.servers.drop_database(name)
        self.servers.create_database(name, template=self._template.name)
        return name

    def fill_elsewhere(self, url: str) -> None:
        """Put the migrated database, as the tests begin with it, into an empty one of another server of ours."""
        programs = find_binaries(self.place).postgres
        source = self.another_database()
        dump = [str(programs / "pg_dump"), "--format=custom", "--compress=0", "--dbname"]
        restore = [str(programs / "pg_restore"), "--single-transaction", "--exit-on-error", "--dbname"]
        try:
            dumped = subprocess.run(
                [*dump, with_path(self.servers.superuser, source)], capture_output=True, check=True
            )
            subprocess.run([*restore, url], input=dumped.stdout, check=True)
        finally:
            self.servers.drop_database(source)

    def another_database(self) -> str:
        return self.new_database(f"_{next(self._counter)}")

    @property
    def spares(self) -> Spares:
        """Databases for tests that leave the tables as they are: of those who change more, each has one of its own."""
        if self._spares is None:
            self._spares = Spares(servers=self.servers, make=self.another_database)
        return self._spares

    def new_valkey(self) -> Valkey:
        """Return a server of one's own, not started: a test may kill it."""
        parent = self.place.folder(self.place.data / "private")
        folder = parent / f"{os.getpid()}-{next(self._counter)}"
        return Valkey(place=self.place, folder=folder, port=free_port(), password=secrets.token_hex(16))

    def end(self) -> None:
        """Drop every database of this process; stop the pair when asked to."""
        if self._making is not None:
            self._making.join()
        if self._spares is not None:
            self._spares.close()
        for name in self.servers.databases(self.database):
            self.servers.drop_database(name)
        if self._template is not None:
            self._template.close()
        for handle in self._holds:
            handle.close()
        if self.embedded:
            services.spare_the_disk_no_more(self.place, self.servers)
        if self.embedded and os.environ.get("KAP_TEST_STOP"):
            services.down_if_unused(self.place)


def sweep(servers: Servers, place: Place) -> None:
    """Remove what killed runs left: their processes, their databases, and their private servers."""
    sweep_orphans()
    for name in servers.databases("kap_test_"):
        found = OURS.fullmatch(name)
        if found and not psutil.pid_exists(int(found[1])):
            servers.drop_database(name)
    for folder in place.data.glob("private/*-*"):
        if psutil.pid_exists(int(folder.name.split("-")[0])):
            continue
        for name in ("valkey.pid", "postmaster.pid"):
            for told in folder.rglob(name):
                _kill_orphan(told)
        shutil.rmtree(folder, ignore_errors=True)


def _kill_orphan(told: Path) -> None:
    """Kill the server of this pid file, if it is still the one: its command line, or its folder, says so."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(told.read_text().split("\n", 1)[0])
        words = ("valkey-server", "127.0.0.1") if told.name == "valkey.pid" else (str(told.parent),)
        if (orphan := process_with(pid, *words)) is not None:
            orphan.kill()
