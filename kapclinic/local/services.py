"""Start, find and stop the pair. Safe to call from several processes at once."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, replace
from typing import IO

from kapclinic.local.places import LocalError, Place, default_place, exclusive, hold
from kapclinic.local.ports import free_port, is_free
from kapclinic.local.postgres import OWNER, RUNTIME, SUPERUSER, Postgres
from kapclinic.local.servers import Servers
from kapclinic.local.valkey import Valkey


@dataclass(frozen=True, kw_only=True)
class State:
    """What must survive between two starts: ports and passwords."""

    postgres_port: int
    valkey_port: int
    passwords: dict[str, str]
    valkey_password: str

    @classmethod
    def new(cls) -> State:
        return cls(
            postgres_port=free_port(),
            valkey_port=free_port(),
            passwords={role: secrets.token_hex(16) for role in (SUPERUSER, OWNER, RUNTIME)},
            valkey_password=secrets.token_hex(16),
        )

    @classmethod
    def load(cls, place: Place) -> State | None:
        try:
            return cls(**json.loads(place.state_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, place: Place) -> None:
        """Write beside and rename, so that a reader never sees half a file."""
        fresh = place.state_file.with_suffix(f".{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self)))
        fresh.replace(place.state_file)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two servers of one place."""

    postgres: Postgres
    valkey: Valkey

    @property
    def servers(self) -> Servers:
        return Servers(
            superuser=self.postgres.url(SUPERUSER),
            owner=self.postgres.url(OWNER),
            runtime=self.postgres.url(RUNTIME),
            valkey=self.valkey.url(),
        )

    def answers(self) -> bool:
        return self.postgres.answers() and self.valkey.answers()


def up(place: Place | None = None) -> Pair:
    """Return this place's running pair, started or recovered when it must be."""
    place = place or default_place()
    place.prepare()
    with exclusive(place.lock):
        state = State.load(place)
        if state is not None and (pair := _pair(place, state)).answers():
            pair.postgres.quieten()
            pair.servers.spare_the_disk(spare=False)
            return pair
        if state is None:
            state = _begin(place)
        state = _with_free_ports(place, state)
        state.save(place)
        pair = _pair(place, state)
        pair.postgres.start()
        pair.valkey.start()
        pair.servers.spare_the_disk(spare=False)
        return pair


def down(place: Place | None = None) -> None:
    """Stop both servers. Data stays."""
    place = place or default_place()
    if not place.base.is_dir():
        return
    with exclusive(place.lock):
        _stop(place)


def down_if_unused(place: Place | None = None) -> bool:
    """Stop the pair unless somebody else holds it (a test run beside a demo); tell whether it is stopped."""
    place = place or default_place()
    with exclusive(place.lock):
        alone = hold(place.users, shared=False, wait=False)
        if alone is None:
            return False
        with alone:
            _stop(place)
        return True


def spare_the_disk_no_more(place: Place, servers: Servers) -> None:
    """The last test run of this place is over: from now on what is committed is on the disk."""
    with exclusive(place.lock):
        alone = hold(place.users, shared=False, wait=False)
        if alone is not None:
            with alone:
                servers.spare_the_disk(spare=False)


def erase(place: Place | None = None) -> None:
    """Stop both servers and remove all that they kept."""
    place = place or default_place()
    if State.load(place) is None:
        return  # not ours: KAP_EMBED_DIR may name anything
    down(place)
    shutil.rmtree(place.base)


def running(place: Place | None = None) -> Pair | None:
    """Return the pair when it runs, without starting it."""
    place = place or default_place()
    state = State.load(place)
    if state is None:
        return None
    pair = _pair(place, state)
    return pair if pair.answers() else None


def lease_valkey_database(place: Place, servers: Servers) -> tuple[int, IO[str]]:
    """Take a broker database that no other process of this checkout uses; 0 belongs to the developer."""
    for number in range(1, servers.valkey_databases()):
        lease = hold(place.base / "leases" / f"valkey-{number}", shared=False, wait=False)
        if lease is not None:
            return number, lease
    raise LocalError("Every database of the Valkey server is in use by another test run.")


def _pair(place: Place, state: State) -> Pair:
    valkey = Valkey(
        place=place, folder=place.data / "valkey", port=state.valkey_port, password=state.valkey_password
    )
    return Pair(
        postgres=Postgres(place=place, port=state.postgres_port, passwords=state.passwords), valkey=valkey
    )


def _begin(place: Place) -> State:
    """Start over: without the state file nobody knows the passwords of what is there."""
    state = State.new()
    orphan = _pair(place, state).postgres
    orphan.stop()
    shutil.rmtree(orphan.folder, ignore_errors=True)
    shutil.rmtree(place.data / "valkey", ignore_errors=True)
    return state


def _with_free_ports(place: Place, state: State) -> State:
    """Leave a remembered port that a stranger took meanwhile."""
    pair = _pair(place, state)
    if pair.postgres.process() is None and not is_free(state.postgres_port):
        state = replace(state, postgres_port=free_port())
    if pair.valkey.process() is None and not is_free(state.valkey_port):
        state = replace(state, valkey_port=free_port())
    return state


def _stop(place: Place) -> None:
    state = State.load(place)
    if state is not None:
        pair = _pair(place, state)
        pair.valkey.stop()
        pair.postgres.stop()
