"""What a launcher begins is a process like any other: its own environment, settings, kind, session and end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from kapclinic.local.ports import wait_until
from kapclinic.local.warm import UNKNOWN, Begun, Launcher

TELL = (
    "import os, sys; from django.conf import settings as s; from kapclinic.celery import app;"
    " from kapclinic.core import scope; print(s.DATABASES['default']['NAME'], s.PROCESS, s.SWEEP_SECONDS,"
    " app.conf.broker_url, scope.current(), os.getcwd(), os.environ.get('KAP_OPENING'), sys.argv[0])"
)
OTHER = {
    "DATABASE_URL": "postgres://kap_app@127.0.0.1:1/other",
    "VALKEY_URL": "redis://127.0.0.1:1/7",
    "SWEEP_SECONDS": "97",
    "KAP_OPENING": "/nowhere",
}


def test_it_is_told_what_a_process_with_a_start_of_its_own_is_told(launcher: Launcher) -> None:
    env = launcher.env | OTHER
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", TELL]
    started = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    begun = launcher.run(command, env=env)
    assert (begun.returncode, begun.stdout) == (0, started.stdout), begun.stderr
    assert begun.stdout.startswith("other command 97 redis://127.0.0.1:1/7 ")
    worker = launcher.run([sys.executable, "-m", "celery", "-A", "kapclinic", "report"], env=env)
    assert (worker.returncode, "redis://127.0.0.1:1/7" in worker.stdout) == (0, True), worker.stderr


def test_what_is_wrong_with_its_settings_or_words_it_says_and_ends_with(launcher: Launcher) -> None:
    for more, words, said in (
        ({"SWEEP_SECONDS": "often"}, "check", "often"),
        ({}, "nothing_of_ours", "Unknown command"),
    ):
        ended = launcher.run([sys.executable, "manage.py", words], env=launcher.env | more)
        assert ended.returncode == 1
        assert said in ended.stderr


def test_it_can_be_killed_ended_and_waited_for(launcher: Launcher, tmp_path: Path) -> None:
    sleeps = [sys.executable, "-c", "import sys, time; print(*sys.argv, flush=True); time.sleep(60)", "well"]
    said = tmp_path / "log"
    with said.open("wb") as log:
        first, second = (
            launcher.begin(sleeps, env=launcher.env, stdout=log, called=called)
            for called in ("", "kap sleeper")
        )
    assert len({first.pid, second.pid, os.getpid()}) == 3
    assert os.getsid(first.pid) == os.getpgid(first.pid) == first.pid
    assert wait_until(lambda: said.read_text() == "-c well\n-c well\n", seconds=10)
    assert [psutil.Process(one.pid).name() == "kap sleeper" for one in (first, second)] == [False, True]
    assert first.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(0.01)
    first.kill()
    assert first.wait(10) == first.poll() == -signal.SIGKILL
    assert psutil.pid_exists(second.pid)
    second.terminate()
    assert second.wait(10) == -signal.SIGTERM
    assert wait_until(lambda: not psutil.pid_exists(second.pid), seconds=5)


def test_what_outlives_its_launcher_is_still_seen_to_and_ended() -> None:
    """The demo that began it ends it, also when somebody has killed the launcher."""
    sleeps = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        theirs.send(str(sleeps.pid).encode())
        left = Begun([], ours)
    assert left.poll() is None
    left.kill()
    assert (left.wait(10), left.poll()) == (UNKNOWN, UNKNOWN)
    assert sleeps.wait() == -signal.SIGKILL


def test_another_environment_is_not_for_it(launcher: Launcher) -> None:
    assert launcher.takes(launcher.env | OTHER)
    assert not launcher.takes(launcher.env | {"METRICS_TOKEN": "of a clinic"})
    assert not launcher.takes({name: value for name, value in launcher.env.items() if name != "PATH"})
