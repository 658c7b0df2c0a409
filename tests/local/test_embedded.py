"""The embedded servers: started once, killed, recovered, stopped, and closed to strangers."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
import tempfile
import threading
from dataclasses import replace

import psutil
import psycopg
import pytest
import redis

from kapclinic.local import services
from kapclinic.local.places import Place, hold
from kapclinic.local.ports import wait_until
from kapclinic.local.postgres import OWNER, RUNTIME, SUPERUSER
from kapclinic.local.services import Pair, State
from kapclinic.local.warm import Launcher, all_of


def owners(place: Place) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter()
        if process.status() != psutil.STATUS_ZOMBIE and str(place.data) in " ".join(process.cmdline())
    ]


def test_started_by_several_at_once_there_is_one_pair(empty_place: Place, launcher: Launcher) -> None:
    command = [sys.executable, "-m", "kapclinic.local", "up"]
    env = os.environ | {"KAP_EMBED_DIR": str(empty_place.base)}
    with contextlib.ExitStack() as opened:
        answers = [opened.enter_context(tempfile.TemporaryFile("w+")) for _ in range(4)]
        starters = [launcher.begin(command, env=env, stdout=answer) for answer in answers]
        assert [starter.wait() for starter in starters] == [0, 0, 0, 0]
        assert len({all_of(answer) for answer in answers}) == 1
    assert len(owners(empty_place)) == 1  # the postmaster; its children and Valkey carry other titles
    assert not (empty_place.data / "pg.password").exists()


def test_a_postmaster_killed_under_load_comes_back_with_every_acknowledged_row(
    shared_place: Place, shared_pair: Pair
) -> None:
    acknowledged: list[int] = []
    with psycopg.connect(shared_pair.postgres.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE row (id int PRIMARY KEY)")

    def write() -> None:
        try:
            with psycopg.connect(shared_pair.postgres.url(SUPERUSER), autocommit=True) as connection:
                for number in range(1_000_000):
                    connection.execute("INSERT INTO row VALUES (%s)", [number])
                    acknowledged.append(number)
        except psycopg.OperationalError:
            return

    writer = threading.Thread(target=write)
    writer.start()
    assert wait_until(lambda: len(acknowledged) >= 200 or not writer.is_alive(), seconds=60, every=0.01)
    assert writer.is_alive()
    shared_pair.postgres.kill()
    writer.join()

    assert services.up(shared_place).postgres.port == shared_pair.postgres.port
    with psycopg.connect(shared_pair.postgres.url(SUPERUSER)) as connection:
        kept = {number for (number,) in connection.execute("SELECT id FROM row")}
    assert set(acknowledged) <= kept


def test_a_killed_valkey_comes_back_with_its_messages(shared_place: Place, shared_pair: Pair) -> None:
    with shared_pair.valkey.client() as client:
        for number in range(500):
            client.rpush("queue", number)
    shared_pair.valkey.kill()
    assert not shared_pair.valkey.answers()
    services.up(shared_place)
    with shared_pair.valkey.client() as client:
        assert client.llen("queue") == 500


def test_strangers_are_refused(shared_pair: Pair) -> None:
    for role in (SUPERUSER, OWNER, RUNTIME):
        url = shared_pair.postgres.url(role).replace(shared_pair.postgres.passwords[role], "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)
    for password in ("", "guess"):
        stranger = replace(shared_pair.valkey, password=password)
        assert not stranger.answers()
        with stranger.client() as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def test_passwords_and_data_are_private(shared_place: Place, shared_pair: Pair) -> None:
    assert stat.S_IMODE(shared_place.state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shared_place.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((shared_place.data / "pg").stat().st_mode) == 0o700


def test_root_lends_the_servers_an_account(shared_place: Place, shared_pair: Pair) -> None:
    expected = shared_place.account.uid if shared_place.account else os.geteuid()
    servers = [shared_pair.postgres.process(), shared_pair.valkey.process()]
    assert [server.uids().real for server in servers if server] == [expected, expected]
    assert expected != 0


def test_stopping_leaves_nothing_and_starting_again_finds_everything(
    shared_place: Place, shared_pair: Pair
) -> None:
    with psycopg.connect(shared_pair.postgres.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept ()")
    services.down(shared_place)
    assert not owners(shared_place)
    assert not shared_pair.answers()
    assert not (shared_pair.postgres.folder / "postmaster.pid").exists()
    services.down(shared_place)  # twice is no error

    again = services.up(shared_place)
    assert again == shared_pair
    with psycopg.connect(again.postgres.url(SUPERUSER)) as connection:
        connection.execute("SELECT FROM kept")


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(shared_place: Place, shared_pair: Pair) -> None:
    services.down(shared_place)
    pid_file = shared_pair.postgres.folder / "postmaster.pid"
    shared_place.write(pid_file, f"{os.getpid()}\n{shared_pair.postgres.folder}\n")
    shared_place.write(shared_pair.valkey.folder / "valkey.pid", f"{os.getpid()}\n")
    assert services.up(shared_place).answers()


def test_a_remembered_port_that_was_taken_is_left(shared_place: Place, shared_pair: Pair) -> None:
    services.down(shared_place)
    with socket.socket() as postgres, socket.socket() as valkey:
        for taken, port in ((postgres, shared_pair.postgres.port), (valkey, shared_pair.valkey.port)):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
        moved = services.up(shared_place)
    assert moved.postgres.port != shared_pair.postgres.port
    assert moved.valkey.port != shared_pair.valkey.port
    assert moved.answers()


def test_half_made_and_unopenable_clusters_are_made_again(empty_place: Place, pair: Pair) -> None:
    services.down(empty_place)
    empty_place.folder(empty_place.data / "pg.new-1")
    empty_place.state_file.unlink()
    assert services.up(empty_place).answers()
    assert not list(empty_place.data.glob("pg.new-*"))
    assert not (empty_place.data / "pg.password").exists()


def test_the_owner_may_make_databases_and_the_runtime_role_nothing(shared_pair: Pair) -> None:
    shared_pair.servers.create_database("clinic")
    with psycopg.connect(shared_pair.postgres.url(OWNER, "clinic"), autocommit=True) as owner:
        owner.execute("CREATE EXTENSION btree_gist")
        owner.execute("CREATE EXTENSION pg_trgm")
        owner.execute("CREATE DATABASE another")
    with psycopg.connect(shared_pair.postgres.url(RUNTIME, "clinic"), autocommit=True) as runtime:
        for statement in (
            "CREATE TABLE mine ()",
            "CREATE DATABASE mine",
            "CREATE ROLE mine",
            "SET ROLE kap_owner",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(statement)


def test_names_sort_the_same_everywhere(shared_pair: Pair) -> None:
    with psycopg.connect(shared_pair.postgres.url(SUPERUSER)) as connection:
        row = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'template1'"
        ).fetchone()
    assert row == ("b", "C.UTF-8", "UTF8")


def test_a_broker_database_is_lent_once(shared_place: Place, shared_pair: Pair) -> None:
    first, lease = services.lease_valkey_database(shared_place, shared_pair.servers)
    second, other = services.lease_valkey_database(shared_place, shared_pair.servers)
    assert first != second
    lease.close()
    third, again = services.lease_valkey_database(shared_place, shared_pair.servers)
    assert third == first
    other.close()
    again.close()


def test_erasing_takes_only_what_is_ours(empty_place: Place, pair: Pair) -> None:
    assert State.load(empty_place) is not None
    services.erase(empty_place)
    assert not empty_place.base.exists()
    empty_place.base.mkdir()
    (empty_place.base / "somebody's").touch()
    services.erase(empty_place)
    assert (empty_place.base / "somebody's").exists()


def test_a_lock_that_is_held_is_not_given_twice(empty_place: Place) -> None:
    path = empty_place.base / "one.lock"
    with hold(path, shared=False) or pytest.fail("free"):
        assert hold(path, shared=False, wait=False) is None
    freed = hold(path, shared=False, wait=False)
    assert freed is not None
    freed.close()
