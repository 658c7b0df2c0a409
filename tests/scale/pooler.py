"""PgBouncer between the clinic and PostgreSQL, in transaction mode, with far fewer connections than there are hands.

docs/scaling.md says what it asks of the roles and of the environment; here that is done and looked at.
"""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from django.db import connections
from psycopg import sql

from kapclinic.core import clock
from kapclinic.local.places import Place
from kapclinic.local.ports import free_port, process_with, wait_until
from kapclinic.local.postgres import RUNTIME, SUPERUSER
from kapclinic.local.processes import Processes
from kapclinic.trail.models import Heartbeat
from sessions.sweep.steps import periods
from tests.faults.stuck import become_overdue, followed, rung, spare_checks
from tests.scale import races
from tests.scale.asking import Proxy
from tests.scale.house import DATABASE, PERIOD, House, Safety, Worker
from tests.scale.lines import Lines
from tests.scale.work import Work

OLDEST = (1, 22)  # knows the statements that its clients prepare, and when they forget them
WORKER = "kap_worker"  # as kap_app, with more patience
PER_ROLE = 4  # connections to the server
SOON = 4 * PERIOD + 20.0  # seconds
# Of each role, as docs/scaling.md has it: seconds for a lock, for a statement, and with a transaction in which nothing happens.
PATIENCE = {RUNTIME: (3, 10, 15), WORKER: (10, 60, 60)}
CONF = """\
[databases]
{database} = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
admin_users = {admin}
pool_mode = transaction
default_pool_size = {size}
max_prepared_statements = 200
pidfile = {folder}/pgbouncer.pid
logfile = {folder}/pgbouncer.log
"""


class Found(NamedTuple):
    """The program, why it can't be used, or an empty reason."""

    binary: Path | None
    lacking: str


def find() -> Found:
    named = shutil.which("pgbouncer")
    if named is None:
        return Found(None, "untested, no pgbouncer is on PATH")
    said = subprocess.run([named, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
    assert version is not None, said
    if (int(version[1]), int(version[2])) < OLDEST:
        return Found(None, f"untested, {named} is {version[0]}, and older than {OLDEST[0]}.{OLDEST[1]}")
    return Found(Path(named), "")


@dataclass(frozen=True, kw_only=True)
class Pooler:
    """One PgBouncer, of the servers' account."""

    binary: Path
    place: Place
    port: int
    passwords: dict[str, str]  # by role

    @property
    def folder(self) -> Path:
        return self.place.base / "pgbouncer"

    def start(self, *, server: int) -> None:
        self.place.folder(self.folder)
        conf = CONF.format(
            database=DATABASE,
            server=server,
            port=self.port,
            folder=self.folder,
            admin=SUPERUSER,
            size=PER_ROLE,
        )
        users = "".join(f'"{role}" "{word}"\n' for role, word in self.passwords.items())
        self.place.write(self.folder / "users.txt", users)
        self.place.run(self.binary, "-d", self.place.write(self.folder / "pgbouncer.ini", conf))
        assert wait_until(self._answers, seconds=20), (self.folder / "pgbouncer.log").read_text()

    def kill(self) -> None:
        pid = int((self.folder / "pgbouncer.pid").read_text())
        if (process := process_with(pid, "pgbouncer")) is not None:
            process.kill()
            process.wait(10)

    def url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

    def show(self, what: str) -> list[dict[str, Any]]:
        """What its console says, row by row."""
        with psycopg.connect(
            self.url(SUPERUSER, "pgbouncer"), autocommit=True, cursor_factory=psycopg.ClientCursor
        ) as console:
            rows = console.execute(sql.SQL("SHOW {}").format(sql.SQL(what)))
            names = [column.name for column in rows.description or ()]
            return [dict(zip(names, row, strict=True)) for row in rows]

    def _answers(self) -> bool:
        try:
            return bool(self.show("VERSION"))
        except psycopg.OperationalError:
            return False


@dataclass
class Pooled:
    """Two webs and two workers that know PostgreSQL by the pooler alone."""

    pooler: Pooler
    webs: list[Processes]
    workers: list[Processes]

    @property
    def proxy(self) -> Proxy:
        return Proxy([web.port for web in self.webs])


def _roles(at: House, word: str) -> None:
    at.sql(f"CREATE ROLE {WORKER} LOGIN IN ROLE {RUNTIME} PASSWORD '{word}'")
    for role, (lock, statement, idle) in PATIENCE.items():
        at.sql(f"ALTER ROLE {role} SET lock_timeout = '{lock}s'")
        at.sql(f"ALTER ROLE {role} SET statement_timeout = '{statement}s'")
        at.sql(f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '{idle}s'")
        at.sql(f"ALTER ROLE {role} SET timezone = 'UTC'")
        at.sql(f"ALTER ROLE {role} SET jit = off")


@contextmanager
def pooled(at: House, binary: Path) -> Iterator[Pooled]:
    """They take the place of the house's workers, which go on afterwards."""
    word = secrets.token_hex(16)
    _roles(at, word)
    words = at.primary.passwords | {WORKER: word}
    pooler = Pooler(binary=binary, place=at.primary.place, port=free_port(), passwords=words)
    at.worker.stop("worker", "beat")
    at.safety.stop("worker")
    with ExitStack() as stack:
        pooler.start(server=at.database.port)
        stack.callback(pooler.kill)
        made: list[Processes] = []
        kinds = ((Processes, RUNTIME), (Processes, RUNTIME), (Worker, WORKER), (Safety, WORKER))
        for number, (kind, role) in enumerate(kinds):
            folder = at.logs / f"pooled-{number}"
            folder.mkdir()
            env = at.webs[0].env | {"DATABASE_URL": pooler.url(role), "KAP_PATIENCE": "off"}
            made.append(kind(env=env, port=free_port(), logs=folder))
            stack.callback(made[-1].close)
        found = Pooled(pooler, made[:2], made[2:])
        for web in found.webs:
            web.start("web")
        found.workers[0].start("worker", "beat")
        found.workers[1].start("worker")
        for web in found.webs:
            web.wait_ready(seconds=120)
        yield found
    at.worker.start("worker", "beat")
    at.safety.start("worker")
    at.wait_ready()


def run(work: Work, at: House, lines: Lines, *, rounds: int, doses: int) -> None:
    """The races, the sweep and the time-outs again, through it."""
    found = find()
    if found.binary is None:
        return
    given = work.doses[-doses:]
    began = clock.now()
    lines = lines.behind("PgBouncer")
    with pooled(at, found.binary) as pool:
        races.run(work, pool.proxy, lines, rounds=rounds, doses=doses)
        _sweeps(work, given, began, lines)
        _waits_as_long_as_its_role(at, work, pool.proxy, lines)
        _shares(pool, lines)


def _sweeps(work: Work, given: list[Any], began: Any, lines: Lines) -> None:
    check = become_overdue(spare_checks(work.group.watched[1])[0])
    rings = wait_until(lambda: rung(check), seconds=SOON, every=0.3)
    lines.say(rings, "an overdue check rings", f"not within {SOON:g} s")
    owed = wait_until(lambda: all(map(followed, given)), seconds=SOON, every=0.3)
    lines.say(owed, "what its doses owe is booked, or somebody was told")
    names = {name for name, period in periods().items() if period <= PERIOD}

    def late() -> set[str]:
        return names - set(Heartbeat.objects.filter(beat_at__gt=began).values_list("name", flat=True))

    all_ran = wait_until(lambda: not late(), seconds=SOON, every=0.5)
    lines.say(all_ran, f"all {len(names)} steps of the sweep run", f"{late()} did not")
    connections.close_all()


def _waits_as_long_as_its_role(at: House, work: Work, proxy: Proxy, lines: Lines) -> None:
    """A start option would not arrive: the role carries how long a lock is waited for."""
    asked = work.reading()
    session = asked.path.split("/")[1]
    with psycopg.connect(at.primary.url(SUPERUSER, DATABASE)) as other:
        other.execute("SELECT FROM clinic_sessions_session WHERE id = %s FOR UPDATE", [session])
        began = time.monotonic()
        answer = proxy.ask(asked)
        took = time.monotonic() - began
        other.rollback()
    told = None if answer is None else (answer.status, answer.code)
    lock = PATIENCE[RUNTIME][0]
    lines.say(
        told == (503, "busy") and lock <= took + 1 and took <= lock + 1,
        f"who meets a stuck row is told so after {took:.1f} s",
        f"{told}",
    )
    lines.say(proxy.insist(asked).status == 201, "and gets through when it is free again")


def _shares(pool: Pooled, lines: Lines) -> None:
    clients = sum(row["user"] in PATIENCE for row in pool.pooler.show("CLIENTS"))
    taken = [row for row in pool.pooler.show("SERVERS") if row["user"] in PATIENCE]
    lines.say(
        len(taken) <= len(PATIENCE) * PER_ROLE < clients,
        f"{clients} connections of webs and workers take {len(taken)} of the server",
    )
    (stats,) = [row for row in pool.pooler.show("STATS") if row["database"] == DATABASE]
    parsed, bound = int(stats["total_server_parse_count"]), int(stats["total_bind_count"])
    lines.say(
        0 < 4 * parsed < bound,
        f"what is prepared stays so: {bound} statements ran, {parsed} were parsed",
    )
