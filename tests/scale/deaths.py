"""One process after the other is killed while people work: every write that was answered is there, and things go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import Error, connections

from kapclinic.local.ports import wait_until
from kapclinic.trail.models import IdempotencyRecord
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.monitoring.models import Check, Reading
from tests.faults.stuck import become_overdue, followed, rung, spare_checks
from tests.scale.asking import Proxy, Request
from tests.scale.house import PERIOD, House
from tests.scale.lines import Lines
from tests.scale.work import Work

BEFORE, AFTER = 2.0, 3.0  # seconds of work before and after a process dies
SOON = 2 * PERIOD + 10.0  # seconds: a period, and a busy machine
LONG = 60.0
MODELS: dict[str, Any] = {"reading": Reading, "booking": Session, "dose": Administration}


@dataclass(frozen=True)
class Victim:
    """`heal` puts something in its place: at once, or, when others are to do its work, after they have."""

    name: str
    kill: Callable[[], None]
    heal: Callable[[], None]
    others_do_it: bool = True


def victims(at: House) -> list[Victim]:
    """In the order in which they die; the last one is not put in its place again."""
    web, primary, standby = at.webs[0], at.primary, at.standby
    first, second = at.valkeys

    def broker_moves() -> None:
        with second.client() as client:
            client.replicaof("NO", "ONE")  # type: ignore[no-untyped-call]
        at.broker.to(second.port)

    def database_moves() -> None:
        standby.promote()
        at.database.to(standby.port)

    return [
        Victim("a web", lambda: web.kill9("web"), lambda: web.start("web")),
        Victim(
            "the worker of all but safety",
            lambda: at.worker.kill9("worker"),
            lambda: at.worker.start("worker"),
        ),
        Victim("the worker of safety", lambda: at.safety.kill9("worker"), lambda: at.safety.start("worker")),
        Victim("beat", lambda: at.worker.kill9("beat"), lambda: at.worker.start("beat")),
        Victim("the standby", standby.kill, standby.again),
        Victim("Valkey, whose replica takes over", first.kill, broker_moves, others_do_it=False),
        Victim("PostgreSQL, which starts again", primary.kill, primary.start, others_do_it=False),
        Victim("PostgreSQL, whose standby takes over", primary.kill, database_moves, others_do_it=False),
    ]


@dataclass
class Desks:
    """People who record, book and dose without a pause, and what they were answered."""

    work: Work
    proxy: Proxy
    given: list[tuple[str, str, str]] = field(default_factory=list)  # what, its id, its key
    refused: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def _write(self, what: str, asked: Request) -> None:
        try:
            answer = self.proxy.insist(asked)
        except TimeoutError as exc:
            self.refused.append(str(exc))
            return
        if answer.status == 201:
            self.given.append((what, str(answer.body["id"]), asked.key))
        else:
            self.refused.append(f"{what}: {answer.status} {answer.body}"[:300])

    def _repeat(self, what: str, next_one: Callable[[], Request]) -> None:
        while not self.over.is_set():
            self._write(what, next_one())

    def dose(self, asked: Request) -> None:
        self._write("dose", asked)

    @contextmanager
    def busy(self) -> Iterator[None]:
        kinds = [
            ("reading", self.work.reading),
            ("reading", self.work.reading),
            ("booking", self.work.booking),
        ]
        threads = [threading.Thread(target=self._repeat, args=kind) for kind in kinds]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join(LONG * 2)


def run(work: Work, at: House, lines: Lines) -> None:
    """Kill each once."""
    spare = spare_checks(work.group.watched[0])
    for victim in victims(at):
        if victim.name == "PostgreSQL, whose standby takes over":
            _commits_wait_for_the_standby(at)
        _die(victim, work, at, lines, spare)


def _commits_wait_for_the_standby(at: House) -> None:
    """As docs/scaling.md has it for those to whom the last seconds would be a loss."""
    at.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
    at.sql("SELECT pg_reload_conf()")
    state = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
    assert wait_until(lambda: at.sql(state) == [(1,)], seconds=30, every=0.5)


def _die(victim: Victim, work: Work, at: House, lines: Lines, spare: list[Check]) -> None:
    desks = Desks(work, Proxy(at.ports))
    doses = [work.doses.pop() for _ in range(3)]
    first, second, third = [work.dose(session) for session in doses]
    with desks.busy():
        time.sleep(BEFORE)
        desks.dose(first)
        desks.dose(second)
        victim.kill()
        if not victim.others_do_it:
            time.sleep(1)
            victim.heal()
        desks.dose(third)
        connections.close_all()
        check = become_overdue(spare.pop())
        began = time.monotonic()
        rings = _within(lambda: rung(check))
        after = time.monotonic() - began
        owed = _within(lambda: all(map(followed, doses)))
        time.sleep(AFTER)
    if victim.others_do_it:
        victim.heal()
    at.wait_ready()
    connections.close_all()
    lost = _lost(desks)
    name, proxy = f"{victim.name} was killed", desks.proxy
    again = f"{proxy.unanswered + proxy.busy} asked again"
    lines.say(
        not lost and not desks.refused and not proxy.broken,
        f"{name}: {len(desks.given)} writes were answered ({again}), each is there once",
        f"lost {lost[:3]}, refused {desks.refused[:3]}, broken {proxy.broken[:3]}",
    )
    lines.say(rings, f"{name}: an overdue check rings ({after:.0f} s)", f"not within {SOON:g} s")
    lines.say(owed, f"{name}: what its doses owe is booked, or somebody was told", f"not within {SOON:g} s")


def _within(true: Callable[[], bool]) -> bool:
    """Does it come true soon? A database that has just moved is asked again."""

    def asked() -> bool:
        try:
            return true()
        except Error:
            connections.close_all()
            return False

    return wait_until(asked, seconds=SOON, every=0.3)


def _lost(desks: Desks) -> list[str]:
    """What was answered and is not there, or not once."""
    lost = []
    for what, model in MODELS.items():
        ids = {pk for kind, pk, _ in desks.given if kind == what}
        there = {str(pk) for pk in model.objects.filter(pk__in=ids).values_list("pk", flat=True)}
        lost += [f"{what} {pk}" for pk in ids - there]
    keys = [key for *_, key in desks.given]
    if (kept := IdempotencyRecord.objects.filter(key__in=keys).count()) != len(keys):
        lost.append(f"{len(keys) - kept} answers to keys")
    return lost
