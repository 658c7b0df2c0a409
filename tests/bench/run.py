"""``python -m tests.bench.run [--scale 1]``: seed, start the three servers, ask, print the table, write the page."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.simulation.running import servers

if TYPE_CHECKING:
    from kapclinic.local.warm import Launcher
    from tests.bench.jobs import Job, Request
    from tests.bench.page import Row
    from tests.bench.serving import Server

CLIENTS = 8


@dataclass
class Pace:
    """How long the clients ask."""

    seconds: float = 2.0
    rounds: int = 3
    alone: float = 2.0
    warm: float = 0.3  # before each round: what will be prepared is
    looked_into: int = 60  # requests of which it is looked where their time goes


@dataclass
class Bench:
    """The three servers over one database."""

    run: Any
    database: str
    pace: Pace
    ours: Server = field(init=False)
    bare: Server = field(init=False)
    plain: Server = field(init=False)
    launcher: Launcher | None = None  # of a test, which measures nothing
    begin: int = 0  # how many requests a client has sent: what is booked once is free no more

    @contextmanager
    def up(self, logs: Path) -> Iterator[None]:
        from kapclinic.local import services
        from tests.bench import serving

        env = os.environ | self.run.servers.env(
            database=self.database, valkey_database=self.run.valkey_database
        )
        postmaster = services.up(self.run.place).postgres.process()
        assert postmaster is not None
        with ExitStack() as stack:
            for name in ("bare", "plain", "ours"):
                folder = logs / name
                folder.mkdir()
                application = getattr(serving, name.upper())
                server = serving.serving(application, env, postmaster, folder, launcher=self.launcher)
                setattr(self, name, stack.enter_context(server))
            yield

    def row(self, job: Job) -> Row:
        """Measure one job at every server that knows it, by turns."""
        from tests.bench.page import Measured, Row

        asked = {"bare": job.bare, "plain": job.plain, "ours": job.ours}
        found: dict[str, Measured] = {}
        self.begin = 0  # or a quick machine books beyond the days that a booking may be for
        if job.tagged:
            asked["ours"] = tagged(self.ours.port, job.ours)
        for _ in range(self.pace.rounds):
            for name, ask in asked.items():
                if ask is not None:
                    self._round(getattr(self, name), ask, found.setdefault(name, Measured([])))
        alone = self._load(self.ours.port, asked["ours"], clients=1, seconds=self.pace.alone)
        row = Row(job.name, self._queries(asked["ours"]), found["ours"], alone)
        row.bare, row.plain, row.limit = found.get("bare"), found.get("plain"), found.get(job.limit)
        row.shares = self._shares(asked["ours"])
        return row

    def _round(self, server: Server, ask: Any, measured: Any) -> None:
        self._load(server.port, ask, clients=CLIENTS, seconds=self.pace.warm)
        web, database = server.spent()
        measured.rounds.append(self._load(server.port, ask, clients=CLIENTS, seconds=self.pace.seconds))
        spent = server.spent()
        measured.web, measured.database = (
            measured.web + spent[0] - web,
            measured.database + spent[1] - database,
        )

    def _load(self, port: int, ask: Any, **pace: Any) -> Any:
        from tests.bench.load import load

        heard = load(port, lambda client, n: ask(client, n).raw(), begin=self.begin, **pace)
        self.begin += max(len(heard.took), 1)
        if heard.refused:
            sys.stderr.write(f"refused: {heard.refused[:300]!r}\n")
        return heard

    def _queries(self, ask: Any) -> int:
        """How many statements one request is, asked in this process."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        in_process(ask(0, self.begin))
        with CaptureQueriesContext(connection) as captured:
            in_process(ask(0, self.begin + 1))
        self.begin += 2
        return len(captured)

    def _shares(self, ask: Any) -> dict[str, float]:
        """Where the time of a request goes, asked in this process."""
        from django.core.wsgi import get_wsgi_application

        from tests.bench.where import answer, shares

        application, times = get_wsgi_application(), self.pace.looked_into
        begin, self.begin = self.begin + CLIENTS, self.begin + CLIENTS + times
        for client in range(CLIENTS):  # until what is kept is kept
            answer(application, ask(client, begin - CLIENTS + client))
        return shares(application, (ask(n % CLIENTS, begin + n) for n in range(times)))


def in_process(request: Request) -> None:
    """The same request through the application in this process."""
    from uuid import uuid4

    from django.test import Client

    # The tag is of the whole address: the same host as in `Request.raw`.
    headers = {"Authorization": f"Token {request.token}", "Host": "127.0.0.1"}
    if request.same:
        headers["If-None-Match"] = request.same
    if request.body is None:
        answer = Client(headers=headers).get(request.address)
    else:
        headers["Idempotency-Key"] = str(uuid4())
        answer = Client(headers=headers).post(request.path, request.body, content_type="application/json")
    assert answer.status_code < 400, answer.content


def tagged(port: int, ask: Any) -> Any:
    """The same, with the ETag that the server gave each client."""
    from dataclasses import replace
    from http.client import HTTPConnection

    tags = []
    for client in range(CLIENTS):
        wanted = ask(client, 0)
        connection = HTTPConnection("127.0.0.1", port)
        # The tag is of the whole address: the same host as in `Request.raw`.
        headers = {"Authorization": f"Token {wanted.token}", "Host": "127.0.0.1"}
        connection.request("GET", wanted.address, headers=headers)
        tags.append(connection.getresponse().getheader("ETag") or "")
        connection.close()
    return lambda client, n: replace(ask(client, n), same=tags[client])


def bench(
    run: Any,
    *,
    scale: float,
    pace: Pace,
    write: bool,
    only: str = "",
    launcher: Launcher | None = None,
) -> list[Row]:
    """Seed this process's database, measure, print, and write the page if asked to."""
    from django.db import connection

    from kapclinic.practice.models import Client
    from sessions.monitoring.models import Reading
    from tests.bench import clinic, page, seed
    from tests.bench.jobs import Book, all_jobs

    size = seed.Size.of(scale)
    database = connection.settings_dict["NAME"]
    began = time.monotonic()
    group = clinic.build(places=size.places, watched=size.watched)
    with run.servers.admin(database) as admin, admin.cursor() as cursor:
        seed.fill(cursor, group, size)
    _say(
        f"{size.sessions:,} sessions, {size.readings:,} readings, {size.clients:,} clients in {time.monotonic() - began:.0f} s"
    )
    first = [seed.row_id("reading", n) for n in range(0, size.readings, seed.READINGS)][:2000]
    watched = list(Reading.objects.filter(pk__in=first).order_by("pk").values_list("session", flat=True))
    named = Client.objects.filter(pk__in=[seed.row_id("client", n) for n in range(0, 2000, 13)])
    names = list(named.values_list("legal_last_name", flat=True))
    measuring = Bench(run, database, pace, launcher=launcher)
    rows = []
    with tempfile.TemporaryDirectory(prefix="kap-bench-") as logs, measuring.up(Path(logs)):
        for job in all_jobs(Book(group, size, watched, names)):
            if only in job.name:
                rows.append(measuring.row(job))
                _say(f"  {job.name}: {rows[-1].ours.rate:.0f} req/s, {rows[-1].ours.cpu} ms")
    _say("\n" + page.distances(rows) + "\n\n" + page.details(rows))
    if write:
        page.PAGE.write_text(page.write(rows, size, scale=scale, seconds=pace.seconds, rounds=pace.rounds))
    return rows


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.run")
    asked.add_argument("--scale", type=float, default=1.0, help="1 is 50,000 sessions")
    asked.add_argument("--seconds", type=float, default=2.0, help="how long a round is")
    asked.add_argument("--only", default="", help="jobs whose name holds this; the page is not written then")
    args = asked.parse_args()
    with servers() as running, running.fresh():
        pace = Pace(seconds=args.seconds)
        bench(running.run, scale=args.scale, pace=pace, write=not args.only, only=args.only)


if __name__ == "__main__":
    main()
