"""Processes for the demo, and for tests that kill them: each is forked off one that has imported all of our code, most
of a start.

What is begun so runs the same command as any other, in an environment of its own and with settings that are read anew;
it has its own process id, session and streams, and may be killed. What the environment says at the import of a module
is not read again, so it may differ from the launcher's in `OWN` alone: whoever asks for more begins a process the usual
way, and so does a test of the start itself. All show the launcher's command line; one that is called something shows
that as its name.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import types
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import psutil

from kapclinic.core import scope
from kapclinic.local.places import CHECKOUT, LocalError
from kapclinic.local.ports import wait_until

# The settings alone read these, or nobody does before it is at work.
OWN = frozenset(
    {
        *("DATABASE_URL", "MIGRATION_DATABASE_URL", "KAP_SUPERUSER_URL", "VALKEY_URL", "KAP_EMBEDDED"),
        *("SECRET_KEY", "FIELD_KEYS", "EMAIL_URL"),
        *("SWEEP_SECONDS", "KAP_PATIENCE", "KAP_PROCESS", "KAP_PROCESS_OWNER", "KAP_OPENING", "PORT"),
        *("ALLOWED_HOSTS", "REQUIRE_SECOND_FACTOR", "SECURE_SSL_REDIRECT", "HASHED_FILES", "LOG_LEVEL"),
        *("KAP_ADMIN_PASSWORD", "KAP_DEMO_PASSWORD", "KAP_EMBED_DIR", "DJANGO_SETTINGS_MODULE"),
        *("BACKUP_KEY", "BACKUP_DATABASE_URL", "BACKUP_PROGRAMS", "BACKUP_ACCOUNT", "BACKUP_SCRATCH"),
        *("BACKUP_LOG_SECONDS", "PYTEST_CURRENT_TEST", "PYTHONUNBUFFERED"),
    }
)
LOADED = ("kapclinic.urls", "kapclinic.core.arriving", "gunicorn.app.wsgiapp", "celery.bin.celery")
LOADED_TOO = (
    "sessions.tasks",
    "billing.tasks",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
)
MOST = 131_072  # bytes of what is asked for: an environment and a command
SET_NAME = 15  # of Linux's prctl
UNKNOWN = 255  # how a process ended that outlived the launcher, which alone would have been told


class Begun:
    """A process that a launcher began, with the face of `subprocess.Popen`."""

    def __init__(self, args: list[str], line: socket.socket) -> None:
        self.args = args
        self.returncode: int | None = None
        self._line = line
        said = line.recv(32)
        if not said:
            raise LocalError("The launcher is gone.")
        self.pid = int(said)
        self._process = _process(self.pid)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, or the negated signal that ended it; 255 when it outlived the launcher.

        :raises subprocess.TimeoutExpired: when it is still there after so many seconds
        """
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._line, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
            said = self._line.recv(32)
            if not said and not wait_until(self._is_over, seconds=1e9 if timeout is None else timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(said or UNKNOWN)
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _is_over(self) -> bool:
        with contextlib.suppress(psutil.Error):
            return self._process is None or self._process.status() == psutil.STATUS_ZOMBIE
        return True


def _process(pid: int) -> psutil.Process | None:
    """One that has just begun, and may be over already."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)
    return None


class Launcher:
    """Begins processes of one checkout; its own process ends with it, or with who made it."""

    def __init__(self, env: Mapping[str, str], *, checkout: Path = CHECKOUT) -> None:
        self.env = dict(env)
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=checkout,
                env=self.env | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
            )

    def takes(self, env: Mapping[str, str]) -> bool:
        """Whether a process with this environment may be begun here."""
        return self._process.poll() is None and {name: env[name] for name in env.keys() - OWN} == {
            name: self.env[name] for name in self.env.keys() - OWN
        }

    def begin(
        self,
        command: list[str],
        *,
        env: Mapping[str, str],
        stdout: IO[Any],
        stderr: IO[Any] | None = None,
        called: str = "",
    ) -> Begun:
        """Begin `python -m module words`, `python -c code words` or `python script words` in a session of its own,
        which hears nothing.

        Errors stand among the output unless they have a file of their own. `called` is shown where processes
        are listed.

        :raises LocalError: when the launcher has ended
        """
        if self._process.poll() is not None:
            raise LocalError("The launcher is gone.")
        assert self.takes(env)
        words = json.dumps({"words": command[1:], "env": dict(env), "called": called}).encode()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as opened:
            opened.enter_context(theirs)
            empty = opened.enter_context(Path(os.devnull).open("rb"))
            files: list[Any] = [theirs, empty, stdout, stderr or stdout]
            socket.send_fds(self._line, [words], [file.fileno() for file in files])
        return Begun(command, ours)

    def run(self, command: list[str], *, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run one to its end; what it wrote."""
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
            code = self.begin(command, env=env, stdout=said, stderr=errors).wait()
            return subprocess.CompletedProcess(command, code, all_of(said), all_of(errors))

    def close(self) -> None:
        self._line.close()
        self._process.terminate()
        self._process.wait()


def all_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _load() -> None:
    """Import all of our code, and that of the servers which run it; nothing is asked of a database or a broker."""
    import django  # noqa: PLC0415  (it takes as long as the rest of a small command)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kapclinic.settings")
    django.setup()
    for name in (*LOADED, *LOADED_TOO):
        import_module(name)
    celery = import_module("kapclinic.celery").app
    assert not celery.configured, "a broker would be known already"
    gc.collect()
    gc.freeze()


def _serve(line: socket.socket) -> dict[str, Any] | None:
    """Fork whenever asked to, and tell how each one ended.

    Returns in a new process, with what it was asked for; None when nobody is left who asks.
    """
    alive: dict[int, socket.socket] = {}
    heard, rung = socket.socketpair()
    for end in (heard, rung):
        end.setblocking(False)  # noqa: FBT003  (so it is called)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(rung.fileno())
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        selector.register(heard, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if heard in ready:
                heard.recv(4096)
                _tell_of_the_dead(alive)
            if line in ready:
                asked, files, _, _ = socket.recv_fds(line, MOST, 4)
                if not asked:
                    return None
                if (pid := os.fork()) == 0:
                    break
                teller = socket.socket(fileno=files[0])
                teller.send(str(pid).encode())
                alive[pid] = teller
                for file in files[1:]:
                    os.close(file)
    _stand_alone(files, line, heard, rung, *alive.values())
    wanted: dict[str, Any] = json.loads(asked)
    return wanted


def _stand_alone(files: list[int], *left: socket.socket) -> None:
    """A session and streams of its own, and nothing of the launcher's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for one in left:
        one.close()
    os.setsid()
    for number, file in enumerate(files[1:]):
        os.dup2(file, number)
    for file in files:
        os.close(file)


def _tell_of_the_dead(alive: dict[int, socket.socket]) -> None:
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with alive.pop(pid) as teller, contextlib.suppress(OSError):
            teller.send(str(os.waitstatus_to_exitcode(status)).encode())


def _forget() -> None:
    """What was read of the launcher's environment is read anew when it is next asked for; where Django is set up again,
    the process is told of which kind it is.
    """
    from django.apps import apps  # noqa: PLC0415  (as above)
    from django.conf import settings  # noqa: PLC0415
    from django.core.cache import caches  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415
    from django.utils.functional import empty  # noqa: PLC0415

    sys.modules.pop("kapclinic.settings", None)
    settings._wrapped = empty  # noqa: SLF001  (which is what it is before it is read)
    for handler in (connections, caches):
        handler.__dict__.pop("settings", None)
        handler.__init__()  # type: ignore[misc]
    apps.populate = lambda installed_apps=None: scope.begin(settings.SCOPE)  # type: ignore[method-assign]


def _be_called(name: str) -> None:
    """Be listed under a name of its own, where the system knows of such."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(SET_NAME, name.encode(), 0, 0, 0)


def _run(words: list[str]) -> None:
    """As Python runs what stands behind its name."""
    if words[0] == "-m":
        sys.argv[:] = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv[:] = ["-c", *words[2:]]
        sys.modules["__main__"] = module = types.ModuleType("__main__")
        exec(compile(words[1], "<string>", "exec"), module.__dict__)
    else:
        sys.argv[:] = words
        runpy.run_path(words[0], run_name="__main__")


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as line:
        _load()
        asked = _serve(line)
    if asked is None:
        return
    os.environ.clear()
    os.environ.update(asked["env"])
    if asked["called"]:
        _be_called(asked["called"])
    _forget()
    _run(asked["words"])


if __name__ == "__main__":
    main()
