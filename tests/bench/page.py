"""The table, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from statistics import median

from kapclinic.local.places import CHECKOUT
from tests.bench.load import Heard
from tests.bench.seed import Size

PAGE = CHECKOUT / "docs/benchmarks.md"


@dataclass
class Measured:
    """One server at one job: what eight clients heard in each round, and CPU seconds of web and PostgreSQL."""

    rounds: list[Heard]
    web: float = 0.0
    database: float = 0.0

    @property
    def rate(self) -> float:
        return median(heard.rate for heard in self.rounds)

    @property
    def answers(self) -> int:
        return sum(len(heard.took) for heard in self.rounds)

    def ms(self, seconds: float) -> float:
        """CPU milliseconds an answer."""
        return seconds * 1000 / self.answers if self.answers else 0.0

    @property
    def cpu(self) -> str:
        return f"{self.ms(self.web):.1f} + {self.ms(self.database):.1f}"

    def dearer(self, limit: Measured) -> str:
        """How many times the CPU time of `limit`, both with their PostgreSQL: what a busy machine changes least."""
        least = limit.ms(limit.web + limit.database)
        return f"{self.ms(self.web + self.database) / least:.1f}×" if least else "–"

    @property
    def statuses(self) -> str:
        """What else than the usual was answered."""
        found: dict[int, int] = {}
        for heard in self.rounds:
            for status, count in heard.statuses.items():
                found[status] = found.get(status, 0) + count
        return ", ".join(f"{count} × {status}" for status, count in sorted(found.items()))


@dataclass
class Row:
    """One job."""

    name: str
    queries: int
    ours: Measured
    alone: Heard  # one client
    bare: Measured | None = None
    plain: Measured | None = None
    limit: Measured | None = None
    shares: dict[str, float] = field(default_factory=dict)  # layer -> of the CPU time of the web


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _table(heads: list[str], rows: list[list[str]], *, words: int = 1) -> str:
    rule = ["---"] * words + ["---:"] * (len(heads) - words)
    return "\n".join(map(_line, [heads, rule, *rows]))


def distances(rows: list[Row]) -> str:
    """job, limit, ours, how many times slower, statements, CPU ms of web + PostgreSQL."""
    heads = ["job", "limit req/s", "ours req/s", "ratio", "queries", "CPU ms"]
    cells = []
    for row in rows:
        limit, far = "–", "–"
        if row.limit is not None:
            limit = f"{row.limit.rate:.0f}"
            far = f"{row.limit.rate / row.ours.rate:.1f}×" if row.ours.rate else "–"
        cells.append([row.name, limit, f"{row.ours.rate:.0f}", far, str(row.queries), row.ours.cpu])
    return _table(heads, cells)


def details(rows: list[Row]) -> str:
    """The three servers side by side, and one client alone."""
    heads = [
        "job",
        "answers",
        "CPU ratio",
        "limit CPU ms",
        "plain DRF req/s",
        "plain CPU ms",
        "p50, p99 of 8",
        "p50, p99 of 1",
        "bytes",
    ]
    cells = []
    for row in rows:
        limit = [row.ours.dearer(row.limit), row.limit.cpu] if row.limit else ["–", "–"]
        plain = [f"{row.plain.rate:.0f}", row.plain.cpu] if row.plain else ["–", "–"]
        heard = sorted(row.ours.rounds, key=lambda heard: heard.rate)[len(row.ours.rounds) // 2]
        eight, one = (
            f"{each.percentile(0.5):.1f}, {each.percentile(0.99):.1f}" for each in (heard, row.alone)
        )
        cells.append([row.name, row.ours.statuses, *limit, *plain, eight, one, f"{heard.bytes:,}"])
    return _table(heads, cells, words=2)


def layers(rows: list[Row]) -> str:
    """CPU ms of a request by who spends them, to a tenth; what the web server itself needs is in none of them."""
    names = list(dict.fromkeys(name for row in rows for name in row.shares))
    cells = [
        [name, *(f"{row.shares.get(name, 0) * row.ours.ms(row.ours.web):.1f}" for row in rows)]
        for name in names
    ]
    ask = [["PostgreSQL", *(f"{row.ours.ms(row.ours.database):.1f}" for row in rows)]]
    return _table(["CPU ms", *(f"*{row.name.split(',')[0].split(' (')[0]}*" for row in rows)], cells + ask)


def write(rows: list[Row], size: Size, *, scale: float, seconds: float, rounds: int) -> str:
    """The whole page."""
    return f"""# Benchmarks

Written by `make bench SCALE={scale:g}`; run it again rather than trust it: the figures are those of one machine
({os.cpu_count()} cores, which the servers, PostgreSQL and the clients share), and only ratios and CPU times travel.

{size.sessions:,} sessions, {size.readings:,} readings, {size.clients:,} clients at {size.places} places. Eight clients, each with
one connection that stays open, ask as fast as they are answered: {rounds} rounds of {seconds:g} s a server and job, the
three servers by turns; the medians of the rounds. All three are started by the command that starts the web in production.

- **limit**: one prepared statement through psycopg and orjson on bare WSGI (`tests/bench/bare.py`), on the same tables:
  nobody signs in, nothing is checked, no trace is left. Who am I is measured against a Django REST framework view that
  does nothing.
- **ours**: the clinic as it is, signed in by token; its writes with an Idempotency-Key.
- **ratio**: limit through ours. **queries**: statements of one request, with BEGIN, COMMIT and SAVEPOINTs, as Django
  counts them. **CPU ms** an answer: of the web's processes + of PostgreSQL's.

{distances(rows)}

Beside it: what was answered, a plain Django REST framework project (`tests/bench/plain.py`), and milliseconds that one
of eight clients and a client alone waited.

{details(rows)}

A board that answers 304 is asked with the `ETag` of its last answer; one that still says 200 has none, or changed.

Where the milliseconds are: the CPU time of the web, as above, by the share that each layer has when the same requests
are profiled in one process (`tests/bench/where.py`). A layer's time is what it spends by itself; the web server's own
part is spread over all of them.

{layers(rows)}
"""
