"""``make demo`` opens, tells its story, outlives what dies in it and leaves nothing behind; ``manage.py`` beside it needs no environment."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import psutil
import psycopg
import pytest

from kapclinic.local import lending, services
from kapclinic.local.keeper import Keeper
from kapclinic.local.places import CHECKOUT, LocalError, Place
from kapclinic.local.ports import free_port, is_free, wait_until
from kapclinic.local.processes import Processes
from kapclinic.local.servers import with_path
from kapclinic.local.warm import Launcher
from tests.local.test_demo import demo, read_until


def bare_environment(place: Place, **settings: str) -> dict[str, str]:
    """What a new shell has: none of the variables that the test run was given."""
    ours = {*lending.LENT, "KAP_SUPERUSER_URL", "DJANGO_SETTINGS_MODULE", "PORT"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return inherited | {"KAP_EMBED_DIR": str(place.base)} | settings


Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def manage(launcher: Launcher) -> Manage:
    """Runs a command of `manage.py` as a new shell does."""

    def run(place: Place, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return launcher.run([sys.executable, "manage.py", *words], env=bare_environment(place, **settings))

    return run


def database_of(manage: Manage, place: Place) -> str:
    words = "from django.conf import settings as s; d = s.DATABASES['default']; print(d['NAME'], d['USER'])"
    done = manage(place, "shell", "--no-imports", "-c", words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


class OpenDemo:
    """A demo of the test's own, open since its greeting."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.port = free_port()
        self.process = demo(
            place, PORT=str(self.port), KAP_DEMO_PASSWORD="one two three four", SWEEP_SECONDS="6"
        )
        self.greeting = read_until(self.process, "Ctrl-C stops it.")

    @property
    def file(self) -> Path:
        return self.place.base / f"demo-{self.port}.env"

    def main_process(self, name: str) -> psutil.Process | None:
        """It was begun by the demo's launcher, and shows what it is called."""
        title = f"kap {name}"
        for each in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                parent = each.parent()
                if each.name() == title and parent is not None and parent.name() != title:
                    return each
        return None

    def kill9(self, name: str) -> int:
        process = self.main_process(name)
        assert process is not None
        process.kill()
        return process.pid

    def family(self) -> list[psutil.Process]:
        """Whatever it started, the servers included, which are no children of it."""
        running = psutil.process_iter(["cmdline"])  # a process that ends meanwhile has none
        servers = [each for each in running if str(self.place.base) in " ".join(each.info["cmdline"] or ())]
        assert len(servers) >= 1
        return psutil.Process(self.process.pid).children(recursive=True) + servers

    def swept_after(self, moment: float) -> bool:
        pair = services.running(self.place)
        if pair is None:
            return False
        with psycopg.connect(with_path(pair.servers.superuser, "kap_demo")) as connection:
            row = connection.execute(
                "SELECT extract(epoch FROM max(beat_at)) FROM trail_heartbeat"
            ).fetchone()
        return row is not None and row[0] is not None and float(row[0]) > moment

    def sweeps_on(self) -> bool:
        now = time.time()
        return wait_until(lambda: self.swept_after(now), seconds=60, every=0.5)


@pytest.fixture
def opened(place_behind: Place) -> Iterator[OpenDemo]:
    opened = OpenDemo(place_behind)
    yield opened
    if opened.process.poll() is None:
        opened.process.terminate()
    opened.process.communicate(timeout=60)


def test_the_demo_opens_serves_outlives_what_dies_in_it_and_closes_without_a_trace(
    opened: OpenDemo, manage: Manage
) -> None:
    """One boot, which costs a whole clinic, for all that is said of an open demo."""
    _greets(opened)
    _takes_commands(opened, manage)
    _starts_again_what_dies(opened)
    _goes_on_with_new_servers(opened)
    family = opened.family()
    os.kill(opened.process.pid, signal.SIGINT)
    assert opened.process.wait(60) == 0
    assert not alive(family)
    assert not opened.file.exists()
    assert is_free(opened.port)
    assert services.running(opened.place) is None


def _greets(opened: OpenDemo) -> None:
    for words in (f"http://127.0.0.1:{opened.port}/", "frontdesk@demo.kapclinic.test", "one two three four"):
        assert words in opened.greeting
    assert ".venv/bin/python manage.py sweep" in opened.greeting
    assert "the story broke off" not in opened.greeting
    assert ready(opened.port)


def _takes_commands(opened: OpenDemo, manage: Manage) -> None:
    """By hand, from a shell without any of its variables."""
    assert stat.S_IMODE(opened.file.stat().st_mode) == 0o600
    assert "KAP_SUPERUSER_URL" not in opened.file.read_text()

    assert database_of(manage, opened.place) == "kap_demo kap_app"
    told = json.loads(manage(opened.place, "seed_demo", "--json").stdout)
    assert told["password"] == "one two three four"
    assert "frontdesk@demo.kapclinic.test" in {user["email"] for user in told["users"]}
    for words in (["sweep"], ["verify_audit"], ["migrate", "--check"]):
        done = manage(opened.place, *words)
        assert done.returncode == 0, done.stderr

    refused = manage(opened.place, "check", KAP_EMBEDDED="0")
    assert refused.returncode != 0
    assert "SECRET_KEY and FIELD_KEYS must be set" in refused.stderr


def _starts_again_what_dies(opened: OpenDemo) -> None:
    for name in ("web", "worker", "beat"):
        dead = opened.kill9(name)
        assert f"{name} died" in read_until(opened.process, "starting it again")
        assert wait_until(lambda name=name: opened.main_process(name) is not None, seconds=20)  # type: ignore[misc]
        fresh = opened.main_process(name)
        assert fresh is not None
        assert fresh.pid != dead
        assert wait_until(lambda: ready(opened.port), seconds=30)


def _goes_on_with_new_servers(opened: OpenDemo) -> None:
    pair = services.running(opened.place)
    assert pair is not None
    with pair.valkey.client() as client:
        client.flushall()
    pair.valkey.kill()
    opened.kill9("worker")
    assert wait_until(pair.valkey.answers, seconds=20)
    assert opened.sweeps_on()

    pair.postgres.kill()
    assert wait_until(pair.answers, seconds=60)
    assert opened.sweeps_on()
    assert wait_until(lambda: ready(opened.port), seconds=30)
    assert opened.process.poll() is None


class Dying:
    """Processes of which web has died whenever somebody looks."""

    log_file = staticmethod(Path)

    def __init__(self) -> None:
        self.killed: list[str] = []

    def dead(self) -> list[str]:
        return ["web"]

    def kill9(self, name: str) -> None:
        self.killed.append(name)

    def tail(self, name: str) -> str:
        return f"the end of {name}"


def test_a_web_that_keeps_dying_ends_the_demo() -> None:
    """A LocalError ends the demo with 1 and leaves nothing behind, as Ctrl-C does."""
    processes, said = Dying(), list[str]()
    keeper = Keeper(processes=cast("Processes", processes), share=None, say=said.append, moved=lambda _: None)
    keeper.look()
    keeper.look()
    assert [line.split(" in ")[0] for line in said] == ["web died; starting it again"] * 2
    with pytest.raises(LocalError, match="web died 3 times within a minute; its log ends:\nthe end of web"):
        keeper.look()
    assert processes.killed == ["web"] * 3


def test_without_a_demo_commands_work_on_kap_dev_which_run_migrates_and_keeps(
    migrated_place: Place, manage: Manage
) -> None:
    """One database, which costs most of it, for all that is said of the one for development."""
    stale = migrated_place.base / "demo-8000.env"
    stale.write_text("KAP_DEMO=1:5.0\nDATABASE_URL=postgresql://nobody@localhost/gone\n")
    first = manage(migrated_place, "migrate", "--check")
    assert first.returncode == 1  # made just now, and still empty
    assert first.stderr.splitlines()[0].startswith("The environment names no database: starting PostgreSQL")

    ask = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).execute("
    ask += "\"SELECT to_regclass('trail_heartbeat') IS NOT NULL\").fetchone(), flush=True); input()"
    run = [sys.executable, "-m", "kapclinic.local", "run", "--", sys.executable, "-c", ask]
    env, pipe = bare_environment(migrated_place), subprocess.PIPE
    for _ in range(2):  # the second time there is nothing to do
        other = subprocess.Popen(run, cwd=CHECKOUT, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "(True,)\n"
        assert services.down_if_unused(migrated_place) is False
        assert other.communicate("end\n") == ("", "")

    assert database_of(manage, migrated_place) == "kap_dev kap_app"
    for words in (["migrate", "--check"], ["verify_audit"]):
        done = manage(migrated_place, *words)
        assert done.returncode == 0, done.stderr
    assert services.down_if_unused(migrated_place) is True
    assert services.running(migrated_place) is None


@pytest.mark.parametrize("name", lending.OWN)
def test_a_process_with_a_variable_of_its_own_borrows_nothing(
    empty_place: Place, manage: Manage, name: str
) -> None:
    refused = manage(empty_place, "check", **{name: ""})
    assert refused.returncode != 0
    assert "SECRET_KEY and FIELD_KEYS must be set" in refused.stderr
    assert not empty_place.data.exists()  # no server was started
