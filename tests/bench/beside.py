"""``python -m tests.bench.beside``: how long a nurse waits for a reading while the clinic's other work goes on.

One client records readings, one after the other: alone; while a worker, an export and a backup start; and while that
worker sweeps, `verify_audit` reads the whole audit log for an export and `pg_dump` makes a backup, each again as soon
as it ends.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from tests.bench.serving import Web
from tests.simulation.running import servers

if TYPE_CHECKING:
    from tests.bench.jobs import Request

PAUSE = 0.1  # seconds between two readings
STARTS = 6.0  # seconds that a worker and beat take to start on two cores, which they do once in weeks
LOW = ["nice", "-n", "10"]  # about the share of docker-compose.yml: a worker, a backup, an export


class Shared(Web):
    """The processes of a clinic, the worker with the share of the cores that the compose file gives it."""

    def _command(self, name: str) -> list[str]:
        command = super()._command(name)
        return [*LOW, *command] if name == "worker" else command


@contextmanager
def again_and_again(command: Sequence[str], env: dict[str, str], log: Path) -> Iterator[list[int]]:
    """The command, from its end on anew, until the block ends; the exit codes so far."""
    over, ended = Event(), list[int]()
    running: list[subprocess.Popen[bytes]] = []

    def work() -> None:
        with log.open("wb") as out:
            while not over.is_set():
                running[:] = [subprocess.Popen(command, env=env, stdout=out, stderr=out)]
                ended.append(running[0].wait())

    thread = Thread(target=work)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        for process in running:
            process.terminate()
        thread.join()


def beside(run: Any, *, scale: float, seconds: float) -> dict[str, list[float]]:
    """Seed, record, and print what one client waited: {"alone", "beside the rest" and so on: what was heard}."""
    from django.db import connection

    from kapclinic.local.ports import free_port
    from tests.bench import clinic, seed
    from tests.bench.jobs import Book, all_jobs

    size, database = seed.Size.of(scale), connection.settings_dict["NAME"]
    group = clinic.build(places=size.places, watched=size.watched)
    with run.servers.admin(database) as admin, admin.cursor() as cursor:
        seed.fill(cursor, group, size)
    env = os.environ | run.servers.env(database=database, valkey_database=run.valkey_database)
    ask = next(job.ours for job in all_jobs(Book(group, size, [], [])) if job.name == "record a reading")
    heard: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="kap-beside-") as logs, ExitStack() as stack:
        folder = Path(logs)
        web = Shared(env=env, port=free_port(), logs=folder)
        stack.callback(web.close)
        stack.callback(web.stop)
        web.start("web")
        web.wait_ready()
        begin = 0
        for name in ("warm", "alone", "while the rest starts", "beside the rest"):
            if name == "while the rest starts":
                web.start("worker", "beat")
                done = {
                    word: stack.enter_context(again_and_again(command, env, folder / f"{word}.log"))
                    for word, command in others(run, env, folder).items()
                }
            longest = STARTS if name == "while the rest starts" else seconds
            heard[name] = nursed(web.port, ask, begin=begin, seconds=longest)
            begin += len(heard[name])
            said(name, heard[name])
        sys.stdout.write(f"ended meanwhile, by exit code: {done}\n")
        for word, codes in done.items():
            if any(codes):
                sys.stdout.write((folder / f"{word}.log").read_text()[-500:])
    return heard


def others(run: Any, env: dict[str, str], folder: Path) -> dict[str, list[str]]:
    """What else is at work, each a command."""
    from kapclinic.local.binaries import find_binaries

    dump = find_binaries(run.place).postgres / "pg_dump"
    return {
        "export": [*LOW, sys.executable, "manage.py", "verify_audit"],
        "backup": [
            *LOW,
            str(dump),
            "--format=custom",
            f"--file={folder / 'backup'}",
            env["KAP_SUPERUSER_URL"],
        ],
    }


def nursed(port: int, ask: Callable[[int, int], Request], *, begin: int, seconds: float) -> list[float]:
    """Milliseconds that each reading took, of the clients of one room by turns, one in 0.1 s.

    :raises AssertionError: when one is refused
    """
    took, over = list[float](), time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < over:
            number = begin + len(took)
            began = time.perf_counter()
            line.sendall(ask(number, number).raw())
            answer = HTTPResponse(line)
            answer.begin()
            body = answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 201, body
            time.sleep(PAUSE)
    return took


def said(name: str, took: list[float]) -> None:
    ordered = sorted(took)
    half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    sys.stdout.write(f"{name}: {len(took)} readings, p50 {half:.1f} ms, p99 {most:.1f} ms\n")
    sys.stdout.flush()


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.beside")
    asked.add_argument("--scale", type=float, default=1.0, help="1 is 50,000 sessions")
    asked.add_argument("--seconds", type=float, default=30.0, help="how long each of the two is")
    args = asked.parse_args()
    with servers() as running, running.fresh():
        beside(running.run, scale=args.scale, seconds=args.seconds)


if __name__ == "__main__":
    main()
