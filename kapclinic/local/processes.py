"""Web, worker and beat as real processes: for the demo, and for tests that kill them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

import psutil

from kapclinic.local.places import CHECKOUT, LocalError
from kapclinic.local.ports import wait_until
from kapclinic.local.warm import Begun, Launcher

OWNER = "KAP_PROCESS_OWNER"  # tells whose process it is, after the owner was killed too
STOP_SECONDS = 35  # the worker gives a running task 25 seconds to end


class Processes:
    """The processes of one clinic: each in its own session with its own log, none left when closed.

    With a launcher they are begun by it, where their environment lets it.
    """

    def __init__(
        self, *, env: dict[str, str], port: int, logs: Path, launcher: Launcher | None = None
    ) -> None:
        self.env = env
        self.port = port
        self.logs = logs
        self.launcher = launcher
        self._running: dict[str, subprocess.Popen[bytes] | Begun] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="kap-"))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *names: str) -> None:
        """Start any of ``web``, ``worker``, ``beat``."""
        for name in names:
            env = self.env | {"PYTHONUNBUFFERED": "1", OWNER: signature(psutil.Process())}
            env |= {"KAP_PROCESS": "worker"} if name == "worker" else {}
            with self.log_file(name).open("ab") as log:
                self._running[name] = self._begun(name, env, log)

    def _begun(self, name: str, env: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes] | Begun:
        command = self._command(name)
        if self.launcher is not None and self.launcher.takes(env):
            return self.launcher.begin(command, env=env, stdout=log, called=f"kap {name}")
        return subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_ready(self, *, seconds: float = 60) -> None:
        """Wait until the web process says that it can serve, or that only the demo's story is still to be played.

        :raises LocalError: when a process died, or the time is over
        """
        ready = wait_until(lambda: self.ended() is not None or self._is_ready(), seconds=seconds, every=0.2)
        if (dead := self.ended()) is not None:
            raise LocalError(f"{dead} stopped.\n{self.tail(dead)}")
        if not ready:
            raise LocalError(f"{self.base_url}/readyz does not answer 200.\n{self.tail('web')}")

    def ended(self) -> str | None:
        """Name a process that ended on its own."""
        return next(iter(self.dead()), None)

    def dead(self) -> list[str]:
        """Name every process that ended on its own."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def process(self, name: str) -> psutil.Process:
        return psutil.Process(self._running[name].pid)

    def stop(self, *names: str) -> None:
        """Ask processes to end, all at once; insist when they take too long, and take their children along."""
        chosen = [self._running.pop(name) for name in names or tuple(self._running) if name in self._running]
        for process in chosen:
            if process.poll() is None:
                process.terminate()
        for process in chosen:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            _kill_group(process)

    def kill9(self, name: str) -> None:
        """Kill a process and its children without a word, as the kernel would."""
        _kill_group(self._running.pop(name))

    def close(self) -> None:
        for name in tuple(self._running):
            self.kill9(name)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def log_file(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def tail(self, name: str, *, lines: int = 25) -> str:
        try:
            return "\n".join(self.log_file(name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as told:
            return b'"opening"' in told.read()
        except (OSError, urllib.error.URLError):
            return False

    def _command(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "-A", "kapclinic"]
        web = f"--config=deploy/gunicorn.conf.py --bind=127.0.0.1:{self.port}"
        commands = {
            "web": [sys.executable, "-m", "gunicorn", "kapclinic.wsgi:application", *web.split()],
            "worker": [*celery, "worker", "--pool=prefork", "--concurrency=2", "--loglevel=INFO"],
            "beat": [
                *celery,
                "beat",
                "--loglevel=INFO",
                "--pidfile=",
                f"--schedule={self._scratch / 'beat'}",
            ],
        }
        return commands[name]


def _kill_group(process: subprocess.Popen[bytes] | Begun) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def sweep_orphans() -> None:
    """Kill processes whose demo or test run was itself killed before it could."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ValueError):
            owner = process.environ().get(OWNER)
            if owner and not lives(owner):
                process.kill()


def signature(process: psutil.Process) -> str:
    """Name one life of a process: its id will be given to others."""
    return f"{process.pid}:{process.create_time()}"


def lives(signed: str) -> bool:
    """Tell whether the process that was signed so is still there."""
    pid, born = signed.split(":")
    try:  # the kernel's idea of when a process began shifts with the clock
        return bool(abs(psutil.Process(int(pid)).create_time() - float(born)) < 60)
    except psutil.NoSuchProcess:
        return False
