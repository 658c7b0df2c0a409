"""PostgreSQL seems to be a millisecond away: what that costs the writes of eight clients, at a web of their own.

What a client alone waits is told beside it, with its ways there and back. That is a sum, and as a share it says less
the quicker a write is: three milliseconds are much of five and little of fifteen.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from kapclinic.local.ports import free_port
from kapclinic.local.postgres import SUPERUSER
from kapclinic.local.processes import Processes
from tests.scale import house
from tests.scale.address import Address
from tests.scale.asking import Answer, Request, send
from tests.scale.house import DATABASE, House
from tests.scale.lines import Lines, write
from tests.scale.work import Work

AWAY = 0.001  # seconds for the way there and back
MOST = 1.3  # times as long
WARM = 6
CLIENTS = 8  # at once, as in `make bench`
SPELLS, SPELL = 3, 2.0  # of each distance by turns; seconds


@dataclass
class Far:
    """A web with an address of the primary that nobody else uses."""

    port: int
    database: Address
    each_way: float = AWAY / 2  # seconds

    def timed(self, asked: Request) -> float:
        """Seconds until the answer."""
        began = time.perf_counter()
        answer = send(self.port, asked)
        took = time.perf_counter() - began
        assert isinstance(answer, Answer)
        assert answer.status == 201, answer
        return took


@contextmanager
def far_web(at: House) -> Iterator[Far]:
    database = Address(at.primary.port)
    folder = at.logs / "far"
    folder.mkdir()
    env = at.webs[0].env
    env = env | {"DATABASE_URL": house.at(env["DATABASE_URL"], database.port)}
    web = Processes(env=env, port=free_port(), logs=folder)
    try:
        web.start("web")
        web.wait_ready(seconds=120)
        yield Far(web.port, database)
    finally:
        web.close()
        database.close()


def run(work: Work, at: House, lines: Lines, *, times: int, doses: int) -> None:
    """Each write near by and far away by turns, so that whatever else the machine does weighs on both."""
    with far_web(at) as far:
        near_by, far_away = _calibrated(at, far)
        write(
            f"       a round trip to PostgreSQL: {near_by * 1000:.2f} ms near by, {far_away * 1000:.2f} ms far away"
        )
        jobs: dict[str, tuple[Callable[[], Request], int]] = {
            "record a reading": (work.reading, times),
            "book": (work.booking, times),
            "record a dose": (lambda: work.dose(work.doses.pop()), doses),
        }
        for name, (next_one, count) in jobs.items():
            longer = _alone(name, next_one, count, far)
        lines.say(
            longer <= MOST, f"{name}, which nobody does twice, takes a client {longer:.2f} times as long"
        )
        for name in ("record a reading", "book"):
            _at_once(name, jobs[name][0], far, lines)


def _at_once(name: str, next_one: Callable[[], Request], far: Far, lines: Lines) -> None:
    took: dict[float, list[float]] = {0.0: [], AWAY: []}
    for _ in range(SPELLS):
        for away, found in took.items():
            far.database.delay(far.each_way if away else 0)
            found.extend(_spell(next_one, far))
    near_by, far_away = (statistics.median(found) for found in took.values())
    figures = f"{near_by * 1000:.1f} ms near by, {far_away * 1000:.1f} ms far away"
    lines.say(
        far_away / near_by <= MOST,
        f"{name} takes each of {CLIENTS} clients {far_away / near_by:.2f} times as long"
        f" with PostgreSQL 1 ms away ({figures})",
        f"more than {MOST:g} times",
    )


def _spell(next_one: Callable[[], Request], far: Far) -> list[float]:
    """Seconds until each answer, to clients who ask as fast as they are answered."""
    took: list[float] = []
    until = time.monotonic() + SPELL

    def ask() -> None:
        while time.monotonic() < until:
            took.append(far.timed(next_one()))

    clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return took


def _alone(name: str, next_one: Callable[[], Request], count: int, far: Far) -> float:
    """How many times as long far away, in the median."""
    took: dict[float, list[float]] = {0.0: [], AWAY: []}
    trips = []
    warm = WARM if count > 2 * WARM else 1
    for number in range(warm + count):
        for away, found in took.items():
            far.database.delay(far.each_way if away else 0)
            far.database.asked()
            seconds = far.timed(next_one())
            if number >= warm:
                found.append(seconds)
                trips.append(far.database.asked())
    near_by, far_away = (statistics.median(found) for found in took.values())
    write(
        f"       {name}: {near_by * 1000:.1f} ms for a client alone near by, {far_away * 1000:.1f} ms far away"
        f" ({far_away / near_by:.2f} times), {statistics.median(trips):.0f} round trips"
    )
    return far_away / near_by


def _calibrated(at: House, far: Far) -> tuple[float, float]:
    """Let a `SELECT 1` take AWAY longer, whatever the forwarder and the machine add to it; seconds of both."""
    url = house.at(at.primary.url(SUPERUSER, DATABASE), far.database.port)
    with psycopg.connect(url, autocommit=True) as connection:

        def trip(each_way: float) -> float:
            far.database.delay(each_way)
            took = []
            for _ in range(100):
                began = time.perf_counter()
                connection.execute("SELECT 1")
                took.append(time.perf_counter() - began)
            return statistics.median(took)

        near_by = trip(0)
        for _ in range(4):
            over = trip(far.each_way) - near_by - AWAY
            far.each_way = max(far.each_way - over / 2, AWAY / 10)
        return near_by, trip(far.each_way)
