"""``python -m kapclinic.local.bench URL PASSWORD``: how long the hot paths of a seeded, running clinic take.

One connection, no queueing: p50 and p95 in milliseconds over HTTP, as front desk and nurse practitioner.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

ROUNDS = 100


def _desk(base_url: str, login: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=f"{base_url.rstrip('/')}/api/v1/")
    email = f"{login}@demo.kapclinic.test"
    client.post("auth/login/", json={"email": email, "password": password}).raise_for_status()
    headers = {"X-CSRFToken": client.cookies["csrftoken"]}
    token = (
        client.post("auth/tokens/", json={"name": "bench"}, headers=headers)
        .raise_for_status()
        .json()["token"]
    )
    return httpx.Client(base_url=client.base_url, headers={"Authorization": f"Token {token}"})


def _measure(what: str, call: Callable[[], httpx.Response]) -> None:
    call().raise_for_status()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = call()
        took.append((time.perf_counter() - began) * 1000)
    p95 = statistics.quantiles(took, n=20)[-1]
    sys.stdout.write(
        f"{what:28} p50 {statistics.median(took):6.1f} ms   p95 {p95:6.1f} ms   {len(answer.content):6} bytes\n"
    )


def _jobs(front: httpx.Client, nurse: httpx.Client) -> dict[str, Callable[[], httpx.Response]]:
    sessions: list[dict[str, Any]] = front.get("sessions/").json()["results"]
    location, day = sessions[0]["location"], sessions[0]["starts_at"][:10]
    dose = next(row for row in sessions if row["kind"] == "dosing")
    program = sessions[-1]["program"]
    free = {"program": program, "kind": "preparation"}
    return {
        "sessions of a day": lambda: front.get("sessions/", params={"date": day}),
        "readings of a session": lambda: nurse.get(f"sessions/{dose['id']}/readings/"),
        "client search": lambda: front.get("clients/", params={"search": "sample"}),
        "day board": lambda: front.get("day-board/", params={"location": location, "date": day}),
        "readiness": lambda: nurse.get(f"sessions/{dose['id']}/readiness/"),
        "availability, two weeks": lambda: front.get("availability/", params=free),
        "obligations": lambda: front.get("obligations/"),
        "plan of a course": lambda: front.get(f"programs/{program}/plan/"),
    }


def main() -> None:
    base_url, password = sys.argv[1:3]
    front, nurse = (_desk(base_url, login, password) for login in ("frontdesk", "np"))
    for what, call in _jobs(front, nurse).items():
        _measure(what, call)


if __name__ == "__main__":
    main()
