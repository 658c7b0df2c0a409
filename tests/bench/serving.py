"""Servers under test: started as production starts the web, and what CPU time they and PostgreSQL spend."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from kapclinic.local.ports import free_port
from kapclinic.local.processes import Processes
from kapclinic.local.warm import Launcher

OURS = "kapclinic.wsgi:application"
BARE = "tests.bench.bare:application"
PLAIN = "tests.bench.plain:application"


class Web(Processes):
    """The web process of production with another application in it."""

    application = OURS

    def _command(self, name: str) -> list[str]:
        return [self.application if word == OURS else word for word in super()._command(name)]


@dataclass
class Server:
    """One that answers on `port`."""

    port: int
    web: psutil.Process
    database: psutil.Process

    def spent(self) -> tuple[float, float]:
        """Seconds of CPU since they began: of the web, and of PostgreSQL."""
        return _seconds(self.web), _seconds(self.database)


def _seconds(root: psutil.Process) -> float:
    """Of a process, of those that it began, and of those that have ended."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
            if process == root:
                total += times.children_user + times.children_system
    return total


@contextmanager
def serving(
    application: str,
    env: dict[str, str],
    database: psutil.Process,
    logs: Path,
    *,
    launcher: Launcher | None = None,
) -> Iterator[Server]:
    """The application, until the block ends.

    :raises LocalError: when it does not come up
    """
    # The launcher has our code alone: the others are projects of their own.
    own = launcher if application == OURS else None
    processes = Web(env=env, port=free_port(), logs=logs, launcher=own)
    processes.application = application
    try:
        processes.start("web")
        processes.wait_ready()
        yield Server(processes.port, processes.process("web"), database)
    finally:
        processes.stop()
        processes.close()
