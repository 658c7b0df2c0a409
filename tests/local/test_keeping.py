"""``make demo`` outlives what dies in it, and ``manage.py`` beside it needs no environment."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from kapclinic.local import lending, services
from kapclinic.local.places import CHECKOUT, Place
from kapclinic.local.ports import free_port, wait_until
from kapclinic.local.servers import with_path
from tests.local.test_demo import demo, read_until


def bare_environment(place: Place, **settings: str) -> dict[str, str]:
    """What a new shell has: none of the variables that the test run was given."""
    ours = {*lending.LENT, "KAP_SUPERUSER_URL", "DJANGO_SETTINGS_MODULE", "PORT"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return inherited | {"KAP_EMBED_DIR": str(place.base)} | settings


def manage(place: Place, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=CHECKOUT,
        env=bare_environment(place, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def database_of(place: Place, **settings: str) -> str:
    words = "from django.conf import settings as s; d = s.DATABASES['default']; print(d['NAME'], d['USER'])"
    done = manage(place, "shell", "--no-imports", "-c", words, **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


class OpenDemo:
    """A demo of the test's own, open since its greeting."""

    def __init__(self, place: Place, *, sweep_seconds: str = "1") -> None:
        self.place = place
        self.port = free_port()
        self.process = demo(
            place, PORT=str(self.port), KAP_DEMO_PASSWORD="one two three four", SWEEP_SECONDS=sweep_seconds
        )
        self.greeting = read_until(self.process, "Ctrl-C stops it.")

    @property
    def file(self) -> Path:
        return self.place.base / f"demo-{self.port}.env"

    def main_process(self, name: str) -> psutil.Process | None:
        words = {"web": "gunicorn", "worker": " worker ", "beat": " beat "}[name]
        children = psutil.Process(self.process.pid).children()
        return next((each for each in children if words in " ".join(each.cmdline())), None)

    def kill9(self, name: str) -> int:
        process = self.main_process(name)
        assert process is not None
        process.kill()
        return process.pid

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
def opened(empty_place: Place) -> Iterator[OpenDemo]:
    opened = OpenDemo(empty_place)
    yield opened
    if opened.process.poll() is None:
        opened.process.terminate()
    opened.process.communicate(timeout=60)


def test_whatever_dies_in_the_demo_is_started_again(opened: OpenDemo) -> None:
    for name in ("worker", "beat"):
        dead = opened.kill9(name)
        assert ready(opened.port)
        said = read_until(opened.process, "starting it again")
        assert f"{name} died" in said
        assert wait_until(lambda name=name: opened.main_process(name) is not None, seconds=20)  # type: ignore[misc]
        fresh = opened.main_process(name)
        assert fresh is not None
        assert fresh.pid != dead
    assert opened.sweeps_on()

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

    os.kill(opened.process.pid, signal.SIGTERM)
    assert opened.process.wait(60) == 0
    assert not opened.file.exists()
    assert services.running(opened.place) is None


def test_a_web_that_keeps_dying_ends_the_demo(opened: OpenDemo) -> None:
    for _ in range(2):
        opened.kill9("web")
        read_until(opened.process, "web died; starting it again")
        assert wait_until(lambda: ready(opened.port), seconds=30)
    opened.kill9("web")
    said, _ = opened.process.communicate(timeout=60)
    assert opened.process.returncode == 1
    assert "web died 3 times within a minute" in said
    assert not opened.file.exists()


def test_commands_by_hand_work_on_the_open_demo(opened: OpenDemo) -> None:
    assert ".venv/bin/python manage.py sweep" in opened.greeting
    assert stat.S_IMODE(opened.file.stat().st_mode) == 0o600
    assert "KAP_SUPERUSER_URL" not in opened.file.read_text()

    assert database_of(opened.place) == "kap_demo kap_app"
    told = json.loads(manage(opened.place, "seed_demo", "--json").stdout)
    assert told["password"] == "one two three four"
    assert "frontdesk@demo.kapclinic.test" in {user["email"] for user in told["users"]}
    for words in (["sweep"], ["verify_audit"], ["migrate", "--check"]):
        done = manage(opened.place, *words)
        assert done.returncode == 0, done.stderr

    refused = manage(opened.place, "check", KAP_EMBEDDED="0")
    assert refused.returncode != 0
    assert "SECRET_KEY and FIELD_KEYS must be set" in refused.stderr


def test_without_a_demo_commands_work_on_a_migrated_kap_dev(empty_place: Place) -> None:
    stale = empty_place.base / "demo-8000.env"
    stale.write_text("KAP_DEMO=1:5.0\nDATABASE_URL=postgresql://nobody@localhost/gone\n")
    assert database_of(empty_place) == "kap_dev kap_app"
    done = manage(empty_place, "migrate", "--check")
    assert done.returncode == 0, done.stderr
    done = manage(empty_place, "verify_audit")
    assert done.returncode == 0, done.stderr


def test_run_migrates_kap_dev_when_it_is_behind(empty_place: Place) -> None:
    env = bare_environment(empty_place)
    run = [sys.executable, "-m", "kapclinic.local", "run", "--"]
    ask = "import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).execute("
    ask += "\"SELECT to_regclass('trail_heartbeat') IS NOT NULL\").fetchone())"
    services.up(empty_place).servers.create_database("kap_dev")
    for _ in range(2):  # the second time there is nothing to do
        done = subprocess.run(
            [*run, sys.executable, "-c", ask],
            cwd=CHECKOUT,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == "(True,)"
        assert done.stderr == ""


@pytest.mark.parametrize("name", lending.OWN)
def test_a_process_with_a_variable_of_its_own_borrows_nothing(empty_place: Place, name: str) -> None:
    refused = manage(empty_place, "check", **{name: ""})
    assert refused.returncode != 0
    assert "SECRET_KEY and FIELD_KEYS must be set" in refused.stderr
    assert not empty_place.data.exists()  # no server was started
