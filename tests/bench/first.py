"""``python -m tests.bench.first``: what the server takes for the first call of each screen, at 10,000 bookings.

A screen asks for several things at once; each request is made alone here, several times, and the least is told:
what the server takes, and not what the machine did beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from tests.simulation.running import servers

BOOKINGS = 0.2  # of the 50,000 sessions that the bench seeds
TIMES = 5
MOST_MS = 150.0
ALL = {"page_size": 100}


@dataclass(frozen=True)
class Screen:
    """What one screen asks for when it opens: path -> query, by whose token."""

    address: str
    token: str
    asks: tuple[tuple[str, Mapping[str, Any]], ...]


def screens(group: Any) -> list[Screen]:
    """Every screen that there is, as the front desk and the nurse of the first place open it."""
    desk, where = group.places[0].token, {"location": str(group.places[0].location.pk)}
    program, watched = group.program, group.watched[0]
    names = (("rooms/", where | ALL), ("staff/", where | ALL))
    waiting = {"state": "due,booked", "ordering": "window_end", "page_size": 50}
    mine = {"role": "me", "state": "open"}
    of_session = f"sessions/{watched.pk}/"
    return [
        Screen("every screen", desk, (("auth/me/", {}), ("locations/", ALL))),
        Screen(
            "/desk/schedule",
            desk,
            (
                ("day-board/", where),
                ("obligations/", where | waiting),
                ("tasks/", where | mine | {"page_size": 1}),
                *names,
            ),
        ),
        Screen(
            "/desk/waitlist",
            desk,
            (
                ("waitlist/", where | {"status": "waiting", "ordering": "window_to"} | ALL),
                ("tasks/", where | {"kind": "slot_freed", "state": "open", "ordering": "due_at"} | ALL),
            ),
        ),
        Screen("/desk/worklist", desk, (("tasks/", where | mine | {"ordering": "due_at"} | ALL),)),
        Screen(
            "/programs/{id}/plan",
            desk,
            (
                (f"programs/{program.pk}/", {}),
                (f"programs/{program.pk}/plan/", {}),
                (f"clients/{program.client_id}/banner/", {}),
                ("sessions/", {"program": str(program.pk)} | ALL),
                ("obligations/", {"program": str(program.pk)} | ALL),
            ),
        ),
        Screen("/bedside", group.nurse_token, (("monitoring-board/", where),)),
        Screen(
            "/bedside/sessions/{id}",
            group.nurse_token,
            (
                (of_session, {}),
                *(
                    (f"{of_session}{part}/", ALL)
                    for part in ("readings", "checks", "administrations", "orders")
                ),
                ("alarms/", {"session": str(watched.pk), "state": "open"} | ALL),
                (f"clients/{watched.client_id}/banner/", {}),
                (f"protocols/{watched.program.protocol_id}/", {}),
            ),
        ),
        Screen(
            "/safe",
            group.nurse_token,
            (
                ("drug-lots/", where | ALL),
                ("drug-discrepancies/", where | ALL),
                ("drug-entries/", {"kind": "administer", "ordering": "-created_at"} | ALL),
                ("drug-counts/", where | {"page_size": 5}),
            ),
        ),
    ]


def quickest(token: str, path: str, query: Mapping[str, Any], *, times: int) -> float:
    """Milliseconds of CPU, this process's and its backend's in PostgreSQL, of the quickest of several.

    :raises AssertionError: when it is refused
    """
    from django.db import connection
    from django.test import Client

    client = Client(headers={"Authorization": f"Token {token}", "Host": "127.0.0.1"})
    took = []
    for _ in range(times):
        connection.ensure_connection()
        backend = psutil.Process(connection.connection.info.backend_pid)
        began = _spent(backend)
        answer = client.get(f"/api/v1/{path}", query)
        took.append((_spent(backend) - began) * 1000)
        assert answer.status_code == 200, (path, answer.content)
    return min(took)


def _spent(backend: psutil.Process) -> float:
    """Seconds of CPU so far; PostgreSQL's in steps of a hundredth."""
    times = backend.cpu_times()
    return time.process_time() + times.user + times.system


def first_calls(run: Any, *, times: int = TIMES) -> dict[tuple[str, str], float]:
    """Seed this process's database; (screen, path without ids) -> milliseconds."""
    from django.db import connection

    from tests.bench import clinic, seed

    size = seed.Size.of(BOOKINGS)
    group = clinic.build(places=size.places, watched=size.watched)
    with run.servers.admin(connection.settings_dict["NAME"]) as admin, admin.cursor() as cursor:
        seed.fill(cursor, group, size)
    return {
        (screen.address, plain(path)): quickest(screen.token, path, query, times=times)
        for screen in screens(group)
        for path, query in screen.asks
    }


def plain(path: str) -> str:
    """`sessions/{id}/readings/` for the readings of one session."""
    return "/".join("{id}" if len(part) == 36 else part for part in path.split("/"))


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.bench.first").parse_args()
    with servers() as running, running.fresh():
        for (address, path), took in first_calls(running.run).items():
            sys.stdout.write(f"{address:<24} {path:<34} {took:6.1f} ms\n")


if __name__ == "__main__":
    main()
