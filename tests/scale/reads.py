"""The replica stands still: what gates a write is fresh all the same, and past days say how old they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kapclinic.core import clock
from kapclinic.local.ports import wait_until
from kapclinic.trail.http import REPLICA_AGE
from tests.faults.standby import Standby
from tests.scale.asking import Answer, Proxy, Request, send
from tests.scale.house import House
from tests.scale.lines import Lines
from tests.scale.work import Work, midday

SOON = timedelta(hours=4)


@contextmanager
def standing_still(standby: Standby) -> Iterator[None]:
    """Nothing that is written from now on arrives there."""
    standby.catch_up()
    standby.ask("SELECT pg_wal_replay_pause()")
    paused = "SELECT pg_get_wal_replay_pause_state()"
    assert wait_until(lambda: standby.ask(paused)[0] == "paused", seconds=10)
    try:
        yield
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")
        standby.catch_up()


@dataclass
class Looks:
    """The same question at both webs."""

    work: Work
    ports: list[int]

    def get(self, path: str, *, by: str = "desk") -> list[Answer]:
        tokens = self.work.tokens | {
            "desk": self.work.group.places[0].token,
            "np": self.work.group.nurse_token,
        }
        found = [send(port, Request(tokens[by], path)) for port in self.ports]
        assert all(answer is not None and answer.status == 200 for answer in found), (path, found)
        return [answer for answer in found if answer is not None]


def run(work: Work, at: House, lines: Lines) -> None:
    """Ask for boards, availability and readiness, and for what is past, while the replica stands still."""
    looks, proxy = Looks(work, at.ports), Proxy(at.ports)
    waits = work.doses.pop()
    place, course = work.group.places[0].location, work.courses[0]
    today = clock.now().astimezone(place.zone).date()
    paths = {
        "the day's sessions": f"sessions/?location={place.pk}&date={today}&page_size=200",
        "the day board": f"day-board/?location={place.pk}&date={today}",
    }
    free = f"availability/?program={course.pk}&kind=preparation&from={today}&to={today + timedelta(days=1)}"
    ready, log = f"sessions/{waits.pk}/readiness/", f"clients/{course.client_id}/access-log/"
    with standing_still(at.standby):
        before = {path: _bodies(looks, path, by="np") for path in (ready, free)}
        logged = [answer.body["count"] for answer in looks.get(log, by="director")]
        booked = _booked_today(work, proxy)
        dosed = proxy.insist(work.dose(waits))
        assert dosed.status == 201, dosed
        for name, path in paths.items():
            found = looks.get(path)
            fresh = all(booked.body["id"] in str(answer.body) for answer in found)
            lines.say(
                fresh and not _aged(found), f"with a replica that stands still, {name} are of this moment"
            )
        for name, path in {"readiness": ready, "availability": free}.items():
            fresh = all(
                now != was for now, was in zip(_bodies(looks, path, by="np"), before[path], strict=True)
            )
            lines.say(fresh, f"with a replica that stands still, {name} is of this moment")
        _past(looks, lines, place.pk, log, logged)
    grown = [answer.body["count"] for answer in looks.get(log, by="director")]
    lines.say(
        grown > logged,
        "once it follows again, the access log tells of what came meanwhile",
        f"{logged} {grown}",
    )


def _past(looks: Looks, lines: Lines, location: Any, log: str, logged: list[int]) -> None:
    """What is over comes from the replica, and says so; it is behind, as it must be here."""
    past = f"sessions/?location={location}&date={(clock.now() - timedelta(days=3)).date()}"
    first = _aged(looks.get(past))
    time.sleep(2)
    then = _aged(looks.get(past))
    told = len(first) == len(then) == len(looks.ports) and all(
        later >= age for age, later in zip(first, then, strict=True)
    )
    lines.say(told and max(then) > 0, f"past days say their age ({then} s)", f"{first} {then}")
    answers = looks.get(log, by="director")
    same = [answer.body["count"] for answer in answers] == logged
    lines.say(
        same and len(_aged(answers)) == len(answers),
        "an access log of the replica is behind, and says its age",
    )


def _aged(answers: list[Answer]) -> list[int]:
    return [int(answer.headers[REPLICA_AGE]) for answer in answers if REPLICA_AGE in answer.headers]


def _bodies(looks: Looks, path: str, *, by: str) -> list[str]:
    return [str(answer.body) for answer in looks.get(path, by=by)]


def _booked_today(work: Work, proxy: Proxy) -> Answer:
    """In the afternoon of this day, for the first course."""
    starts_at = midday(0) + SOON
    slot = work.slot() | {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=50)).isoformat(),
    }
    answer = proxy.insist(work.booking(work.courses[0], slot))
    assert answer.status == 201, answer
    return answer
