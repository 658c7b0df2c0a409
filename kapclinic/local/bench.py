"""``python -m kapclinic.local.bench URL PASSWORD [--day N]``: how long the hot paths of a seeded, running clinic take.

One connection, no queueing: p50 and p95 in milliseconds over HTTP, as front desk and nurse practitioner. With `--day`
it books N sessions into one day of the demo clinic first, and measures that day's board alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

ROUNDS = 100
AHEAD = timedelta(days=60)  # a day on which the demo has booked nothing
QUARTERS = 46  # quarter hours from 08:00 on


def _desk(base_url: str, login: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=f"{base_url.rstrip('/')}/api/v1/")
    email = f"{login}@demo.kapclinic.test"
    client.post("auth/login/", json={"email": email, "password": password}).raise_for_status()
    headers = {"X-CSRFToken": client.cookies["csrftoken"]}
    for old in client.get("auth/tokens/").raise_for_status().json()["results"]:
        if old["name"] == "bench":  # of an earlier run
            client.delete(f"auth/tokens/{old['id']}/", headers=headers).raise_for_status()
    token = (
        client.post("auth/tokens/", json={"name": "bench"}, headers=headers)
        .raise_for_status()
        .json()["token"]
    )
    return httpx.Client(base_url=client.base_url, headers={"Authorization": f"Token {token}"})


def _measure(what: str, call: Callable[[], httpx.Response]) -> None:
    if (first := call()).status_code != httpx.codes.NOT_MODIFIED:
        first.raise_for_status()
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
    watched = {"location": dose["location"]}
    same = {"If-None-Match": nurse.get("monitoring-board/", params=watched).headers["ETag"]}
    return {
        "sessions of a day": lambda: front.get("sessions/", params={"date": day}),
        "readings of a session": lambda: nurse.get(f"sessions/{dose['id']}/readings/"),
        "client search": lambda: front.get("clients/", params={"search": "sample"}),
        "day board": lambda: front.get("day-board/", params={"location": location, "date": day}),
        "monitoring board": lambda: nurse.get("monitoring-board/", params=watched),
        "monitoring board, the same": lambda: nurse.get("monitoring-board/", params=watched, headers=same),
        "readiness": lambda: nurse.get(f"sessions/{dose['id']}/readiness/"),
        "availability, two weeks": lambda: front.get("availability/", params=free),
        "obligations": lambda: front.get("obligations/"),
        "plan of a course": lambda: front.get(f"programs/{program}/plan/"),
    }


def _fill_day(front: httpx.Client, count: int) -> dict[str, str]:
    """Book a day of `count` sessions, a quarter of an hour by video each: location and date, as the board asks."""
    programs = front.get("programs/").raise_for_status().json()["results"]
    courses = [row for row in programs if row["therapist"] and row["status"] == "active"]
    place = front.get(f"locations/{courses[0]['location']}/").json()
    asked = {"role": "therapist", "location": place["id"]}
    therapists = front.get("staff/", params=asked).json()["results"]
    lanes = list(zip(courses, therapists, strict=False))
    if count > len(lanes) * QUARTERS:
        raise SystemExit(f"The demo has room for {len(lanes) * QUARTERS} such sessions a day.")
    zone = ZoneInfo(place["time_zone"])
    day = (datetime.now(UTC) + AHEAD).astimezone(zone).date()
    board = {"location": place["id"], "date": day.isoformat()}
    there = len(front.get("day-board/", params=board).raise_for_status().json()["sessions"])
    places = [(lane, _quarter(day, n, zone)) for n, lane in product(range(QUARTERS), lanes)]
    for (course, therapist), start in places[there:count]:
        body = {
            "program": course["id"],
            "kind": "preparation",
            "modality": "video",
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=15)).isoformat(),
            "staff": [{"user": therapist["id"], "role": "therapist"}],
        }
        front.post("sessions/", json=body, headers={"Idempotency-Key": str(uuid4())}).raise_for_status()
    return board


def _quarter(day: date, n: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=zone) + timedelta(minutes=15 * n)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m kapclinic.local.bench")
    asked.add_argument("url")
    asked.add_argument("password")
    asked.add_argument("--day", type=int, metavar="N", help="book a day of N sessions and measure its board")
    args = asked.parse_args()
    front = _desk(args.url, "frontdesk", args.password)
    if args.day:
        board = _fill_day(front, args.day)
        _measure(f"day board, {args.day} sessions", lambda: front.get("day-board/", params=board))
        return
    for what, call in _jobs(front, _desk(args.url, "np", args.password)).items():
        _measure(what, call)


if __name__ == "__main__":
    main()
