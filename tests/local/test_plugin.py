"""What the plugin promises to every test: its own database, the runtime role, and a clean table at the start."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import TestCase, TransactionTestCase

from kapclinic.local.ports import wait_until
from kapclinic.local.processes import OWNER, sweep_orphans
from kapclinic.local.testrun import TestRun, sweep


@pytest.mark.django_db
def test_tests_run_as_the_runtime_role_in_a_database_of_their_own(test_run: TestRun) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        assert cursor.fetchone() == ("kap_app", test_run.database)
    assert str(os.getpid()) in test_run.database
    assert settings.DATABASES["default"]["NAME"] == test_run.database
    assert f"/{test_run.valkey_database}" in settings.CELERY_BROKER_URL
    assert test_run.valkey_database > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_a_commit_does_not_reach_the_next_test(time: int) -> None:
    assert not Group.objects.exists()
    Group.objects.create(name="left behind")


class Transactional(TransactionTestCase):
    def test_a_commit_does_not_reach_the_next_test(self) -> None:
        assert not Group.objects.exists()
        Group.objects.create(name="left behind")


class RolledBack(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        Group.objects.create(name="of the class")

    def test_class_data_is_there(self) -> None:
        assert Group.objects.count() == 1


def test_databases_of_dead_runs_are_dropped_and_of_living_ones_kept(test_run: TestRun) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, living = f"kap_test_{ended.pid}_gw0", f"kap_test_{os.getpid()}_living"
    for name in (dead, living):
        test_run.servers.create_database(name)
    sweep(test_run.servers, test_run.place)
    assert not test_run.servers.has_database(dead)
    assert test_run.servers.has_database(living)
    test_run.servers.drop_database(living)


def test_servers_of_a_killed_run_are_ended_with_their_folder(test_run: TestRun) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = test_run.place.data / f"private/{ended.pid}-house"
    cluster = folder / "primary/data/pg"
    cluster.mkdir(parents=True)
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(cluster)])
    (cluster / "postmaster.pid").write_text(f"{server.pid}\n{cluster}\n")
    sweep(test_run.servers, test_run.place)
    assert wait_until(lambda: server.poll() is not None, seconds=5)
    assert not folder.exists()


def test_processes_of_a_killed_run_are_ended_and_of_a_living_one_kept() -> None:
    def sleeper(owner: psutil.Process, born: float) -> subprocess.Popen[bytes]:
        mark = {OWNER: f"{owner.pid}:{born}"}
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ | mark)

    this = psutil.Process()
    orphan, kept = sleeper(this, this.create_time() - 1000), sleeper(this, this.create_time())
    time.sleep(0.2)
    sweep_orphans()
    assert wait_until(lambda: orphan.poll() is not None, seconds=5)
    assert kept.poll() is None
    kept.kill()
    kept.wait()
