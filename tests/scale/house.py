"""The house: PostgreSQL with a standby, Valkey with a replica, two webs, two workers and beat, each a process.

Webs and workers know one address of PostgreSQL and one of Valkey, and both move when the test says so, as a virtual IP
or a DNS name does it for a group.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from kapclinic.local.places import Place, default_place, hold
from kapclinic.local.ports import free_port
from kapclinic.local.postgres import OWNER, RUNTIME, SUPERUSER, Postgres
from kapclinic.local.processes import Processes
from kapclinic.local.servers import Servers
from kapclinic.local.template import migrate
from kapclinic.local.valkey import Valkey
from tests.faults.standby import Standby
from tests.scale.address import Address

DATABASE = "kap_scale"
PERIOD = 2  # of the sweep, in seconds
PATIENT = 3600  # seconds that the replica may be behind: what it says of its age is looked at


class Worker(Processes):
    """A worker of one queue, as docker-compose.yml has two."""

    queue, hands = "celery", 2

    def _command(self, name: str) -> list[str]:
        command = super()._command(name)
        if name != "worker":
            return command
        kept = [word for word in command if not word.startswith("--concurrency")]
        return [*kept, f"--queues={self.queue}", f"--concurrency={self.hands}"]


class Safety(Worker):
    queue, hands = "safety", 1


@dataclass
class House:
    """All processes, by what they are for."""

    primary: Postgres
    standby: Standby
    valkeys: tuple[Valkey, Valkey]
    database: Address
    broker: Address
    webs: tuple[Processes, Processes]
    worker: Worker
    safety: Safety
    logs: Path

    @property
    def ports(self) -> list[int]:
        return [web.port for web in self.webs]

    def sql(self, statement: str, *params: Any) -> list[Any]:
        """What the primary answers the superuser, wherever the address leads to."""
        with psycopg.connect(
            at(self.primary.url(SUPERUSER, DATABASE), self.database.port), autocommit=True
        ) as connection:
            found = connection.execute(statement, params)
            return found.fetchall() if found.description else []

    def wait_ready(self) -> None:
        for web in self.webs:
            web.wait_ready(seconds=120)


def at(url: str, port: int) -> str:
    """The same server by way of another port."""
    head, _, tail = url.rpartition("@127.0.0.1:")
    return f"{head}@127.0.0.1:{port}/{tail.partition('/')[2]}"


def environment(
    primary: Postgres, standby: Standby, valkey: Valkey, database: Address, broker: Address
) -> dict[str, str]:
    """What each process is told: the addresses, and the replica by its own."""
    servers = Servers(
        superuser=at(primary.url(SUPERUSER), database.port),
        owner=at(primary.url(OWNER), database.port),
        runtime=at(primary.url(RUNTIME), database.port),
        valkey=at(valkey.url(), broker.port),
    )
    return servers.env(database=DATABASE) | {
        "REPLICA_DATABASE_URL": at(primary.url(RUNTIME, DATABASE), standby.port),
        "REPLICA_MAX_AGE_SECONDS": str(PATIENT),
        "SWEEP_SECONDS": str(PERIOD),
        "DJANGO_SETTINGS_MODULE": "kapclinic.settings",
    }


def _place(base: Place, name: str) -> Place:
    place = replace(base, base=base.folder(base.base / name))
    place.folder(place.data)
    return place


@contextmanager
def servers() -> Iterator[tuple[Postgres, Standby, tuple[Valkey, Valkey]]]:
    """A cluster of its own that is migrated and followed by a standby, and two brokers of which one follows."""
    ours = default_place()
    ours.prepare()
    parent = ours.folder(ours.data / "private")
    base = replace(ours, base=ours.folder(parent / f"{os.getpid()}-scale"))
    passwords = {role: secrets.token_hex(16) for role in (SUPERUSER, OWNER, RUNTIME)}
    primary = Postgres(place=_place(base, "primary"), port=free_port(), passwords=passwords)
    standby = Standby(
        place=_place(base, "standby"),
        port=free_port(),
        passwords=passwords,
        primary=primary.url(SUPERUSER, DATABASE),
    )
    word = secrets.token_hex(16)
    first, second = (
        Valkey(place=base, folder=base.base / name, port=free_port(), password=word)
        for name in ("valkey", "valkey-replica")
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, base.base, ignore_errors=True)
        users = hold(ours.users)
        assert users is not None
        stack.enter_context(users)
        stack.callback(primary.kill)
        primary.start()
        direct = Servers(
            superuser=primary.url(SUPERUSER),
            owner=primary.url(OWNER),
            runtime=primary.url(RUNTIME),
            valkey=first.url(),
        )
        direct.create_database(DATABASE)
        migrate(direct.env(database=DATABASE))
        stack.callback(standby.kill)
        standby.begin()
        for valkey in (first, second):
            stack.callback(valkey.kill)
            valkey.start()
        follow(second, first)
        yield primary, standby, (first, second)


def follow(replica: Valkey, of: Valkey) -> None:
    with replica.client() as client:
        client.config_set("masterauth", of.password)
        client.replicaof("127.0.0.1", str(of.port))  # type: ignore[no-untyped-call]


@contextmanager
def house() -> Iterator[House]:
    """Everything but the processes of the clinic is up, and Django of this process is on its database."""
    with ExitStack() as stack:
        primary, standby, valkeys = stack.enter_context(servers())
        database, broker = Address(primary.port), Address(valkeys[0].port)
        stack.callback(database.close)
        stack.callback(broker.close)
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kap-scale-")))
        env = os.environ | environment(primary, standby, valkeys[0], database, broker)
        made = []
        for kind in (Processes, Processes, Worker, Safety):
            folder = logs / str(len(made))
            folder.mkdir()
            made.append(kind(env=env, port=free_port(), logs=folder))
            stack.callback(made[-1].close)
        web, other, worker, safety = made
        assert isinstance(worker, Worker)
        assert isinstance(safety, Safety)
        _set_django_up(env)
        yield House(primary, standby, valkeys, database, broker, (web, other), worker, safety, logs)


def _set_django_up(env: dict[str, str]) -> None:
    os.environ.update(env)
    import django

    django.setup()
    from kapclinic.core import scope

    scope.begin("test")
    from tests.hashers import hash_quickly

    hash_quickly()
