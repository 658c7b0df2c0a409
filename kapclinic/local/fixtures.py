"""Fixtures of the plugin.

- ``django_db`` tests run as the runtime role on a copy of the migrated template; a committing test is reset after;
- ``private_valkey``: a broker of the test's own: ``kill()``, ``start()``, ``stop()``, ``restart()``, ``flush()``;
- ``clinic_env``: the environment for subprocesses, on a database that is the test's alone, brought back or dropped
  afterwards (``kapclinic/local/spares.py``), and ``private_valkey``;
- ``clinic_orm``: the ORM of this process on ``clinic_env``'s database, so that factories fill it;
- ``launcher``: begins processes without most of the cost of a start (``kapclinic/local/warm.py``);
- ``run_processes``: ``start("web", "worker", "beat")`` with ``clinic_env``, then ``wait_ready()``, ``base_url``,
  ``kill9(name)``, ``stop(name)``, ``tail(name)``. They are begun by the launcher, unless a test sets theirs to None.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from django.db import connections
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from kapclinic.core import scope
from kapclinic.local.ports import free_port
from kapclinic.local.processes import OWNER, Processes, signature
from kapclinic.local.resetting import Resetter
from kapclinic.local.servers import Servers, with_path
from kapclinic.local.testrun import TestRun
from kapclinic.local.valkey import Valkey
from kapclinic.local.warm import Launcher

RUN = pytest.StashKey[TestRun]()
# A statement is planned once: most are asked with other values, each a few times.
PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"


@pytest.fixture(scope="session")
def test_run(pytestconfig: pytest.Config) -> TestRun:
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def servers(test_run: TestRun) -> Servers:
    return test_run.servers


@pytest.fixture(scope="session")
def django_db_setup(test_run: TestRun, django_test_environment: None) -> Iterator[None]:
    """Make the database that the settings already name, and put our reset in place of Django's flush."""
    name = test_run.new_database()
    _shorten_the_way(test_run)
    scope.begin("test")
    resetter = Resetter(url=with_path(test_run.servers.superuser, name))

    def reset(_: TransactionTestCase) -> None:
        connections.close_all()
        resetter.reset()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", reset)
        yield
    resetter.close()
    connections.close_all()


def _shorten_the_way(test_run: TestRun) -> None:
    """What the tests of this process ask goes by the server's socket, where it has one."""
    settings = connections["default"].settings_dict
    options = settings["OPTIONS"].get("options", "")
    settings["OPTIONS"] = settings["OPTIONS"] | {"options": f"{options} {PLANNED_ONCE}".strip()}
    if (folder := test_run.socket_folder) is not None:
        settings["HOST"] = folder


@contextmanager
def a_valkey(test_run: TestRun) -> Iterator[Valkey]:
    """A broker of one's own."""
    valkey = test_run.new_valkey()
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.kill()


@contextmanager
def an_env(test_run: TestRun, valkey: Valkey) -> Iterator[dict[str, str]]:
    """The environment of processes on a database that is theirs alone."""
    name = test_run.spares.lend()
    named = test_run.servers.env(database=name)
    named |= {
        "VALKEY_URL": valkey.url(),
        "SWEEP_SECONDS": "1",
        "DJANGO_SETTINGS_MODULE": "kapclinic.settings",
    }
    try:
        yield os.environ | named
    finally:
        test_run.spares.take_back(name)


@contextmanager
def orm_on(env: dict[str, str], blocker: DjangoDbBlocker) -> Iterator[None]:
    """The ORM of this process is on the database of that environment."""
    settings = connections["default"].settings_dict
    usual = settings["NAME"]
    connections.close_all()
    settings["NAME"] = env["DATABASE_URL"].rsplit("/", 1)[1]
    try:
        with blocker.unblock():
            yield
            connections.close_all()
    finally:
        settings["NAME"] = usual


@pytest.fixture
def private_valkey(test_run: TestRun) -> Iterator[Valkey]:
    with a_valkey(test_run) as valkey:
        yield valkey


@pytest.fixture
def clinic_env(test_run: TestRun, private_valkey: Valkey) -> Iterator[dict[str, str]]:
    with an_env(test_run, private_valkey) as env:
        yield env


@pytest.fixture
def clinic_orm(
    clinic_env: dict[str, str], django_db_blocker: DjangoDbBlocker, django_db_setup: None
) -> Iterator[None]:
    with orm_on(clinic_env, django_db_blocker):
        yield


@pytest.fixture(scope="session")
def launcher(test_run: TestRun) -> Iterator[Launcher]:
    own = {"DJANGO_SETTINGS_MODULE": "kapclinic.settings", OWNER: signature(psutil.Process())}
    launcher = Launcher(os.environ | test_run.servers.env(database=test_run.database) | own)
    yield launcher
    launcher.close()


@pytest.fixture
def run_processes(clinic_env: dict[str, str], tmp_path: Path, launcher: Launcher) -> Iterator[Processes]:
    processes = Processes(env=clinic_env, port=free_port(), logs=tmp_path, launcher=launcher)
    yield processes
    processes.close()
