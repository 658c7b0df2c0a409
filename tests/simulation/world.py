"""A seed's world: opens the clinic, lets clients come, lets the worker work badly, and asks the judge about all of it."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.core import mail
from django.core.management import call_command
from django.db import connection

from kapclinic.celery import app
from kapclinic.core import chance, clock
from sessions.sweep import steps
from tests.simulation import rivals
from tests.simulation.billing import price_list
from tests.simulation.clinic import House, Practice
from tests.simulation.course import course
from tests.simulation.desk import mornings
from tests.simulation.habits import Chance
from tests.simulation.judge import Judge, Violation
from tests.simulation.life import Life
from tests.simulation.looks import Looks
from tests.simulation.safe import Safe
from tests.simulation.schedule import Schedule
from tests.simulation.stack import PASSWORD, Died, Person, Stack, wired
from tests.simulation.staff import Roster
from tests.simulation.trace import Trace

ADMIN = "admin@sim.test"
# Months of every kind: both changes of the clock, ends of months and of the year.
BEGINNINGS = (
    date(2026, 1, 26),
    date(2026, 3, 2),
    date(2026, 4, 20),
    date(2026, 6, 22),
    date(2026, 8, 24),
    date(2026, 10, 26),
    date(2027, 2, 22),
)
SWEEP_MINUTES = 20
_load_tasks = cache(app.loader.import_default_modules)  # with all of Django's checks: once a process
SAFETY = (
    "obligations",
    "checks",
    "alarms",
    "alerts",
    "messages",
)  # in every pass; the others every two hours


@dataclass
class World:
    """One seed's days. `only` keeps these clients alone, `without` leaves habits out: how a story is made shorter."""

    seed: int
    days: int
    only: frozenset[int] | None = None
    without: frozenset[str] = frozenset()
    a_day: int = 2  # how many clients call each location on a day
    tell: Callable[[World], None] | None = None
    violation: Violation | None = None
    lived: int = 0
    day: int = 0
    _whole: datetime | None = None
    trace: Trace = field(default_factory=Trace)
    judge: Judge = field(default_factory=Judge)
    schedule: Schedule = field(init=False)
    stack: Stack = field(init=False)
    luck: Chance = field(init=False)
    clinic: Practice = field(init=False)
    looks: Looks = field(init=False)

    def __post_init__(self) -> None:
        self.luck = Chance(f"{self.seed}:worker", self.without)
        self.first = BEGINNINGS[self.seed % len(BEGINNINGS)] + timedelta(days=7 * (self.seed // 7 % 3))
        begin = datetime(self.first.year, self.first.month, self.first.day, 12, tzinfo=UTC)
        self.schedule = Schedule(begin)
        self.stack = Stack(
            self.schedule,
            self.trace,
            random.Random(f"{self.seed}:stack"),
            self.judge.heard,
            self.judge.repeated,
        )
        self.stack.ring = self._rung

    def live(self, *, enough: Callable[[], bool] = lambda: False) -> None:
        """Every day of it, up to the first thing that may not be, or until it is `enough`."""
        _load_tasks()  # what is drawn by that is none of the story's, which is told more than once in a process
        with chance.seeded(str(self.seed), millis=self._millis), wired(self.stack):
            try:
                self._open()
                self.stack.dying = 2.0
                for day in range(self.days):
                    self.day = day + 1
                    if not self.schedule.until(self._midnight(day + 1), enough=enough):
                        break
                    self._close_of_day()
                    self.lived += len(self.clinic.houses)
                    if self.tell is not None:
                        self.tell(self)
                self.looks.verify()
            except Violation as found:
                self.violation = found

    def _millis(self) -> int:
        return int(self.schedule.now.timestamp() * 1000)

    def _midnight(self, day: int) -> datetime:
        local = datetime.combine(self.first + timedelta(days=day), datetime.min.time())
        return local.replace(tzinfo=ZoneInfo("America/Denver")).astimezone(UTC)

    def _open(self) -> None:
        os.environ["KAP_ADMIN_PASSWORD"] = PASSWORD
        with clock.fixed(self.schedule.now):
            call_command("create_admin", ADMIN, "Administrator", stdout=io.StringIO())
            call_command("load_service_codes", stdout=io.StringIO())
        self.clinic = Practice(
            self.stack, random.Random(f"{self.seed}:clinic"), Person(ADMIN, name="Administrator")
        )
        self.clinic.open()
        self.looks = Looks(self.clinic, self.judge, Chance(f"{self.seed}:looks", self.without))
        self.looks.plan(self.first, self.days)
        for place, house in enumerate(self.clinic.houses):
            self._clients(house, place)
            roster = Roster(self.clinic, house, Chance(f"{self.seed}:roster {place}", self.without))
            self.schedule.live(roster.days(), name=f"staff of {house.id}")
            board = replace(roster, chance=Chance(f"{self.seed}:board {place}", self.without))
            self.schedule.live(mornings(board), name=f"desk of {house.id}")
            luck = Chance(f"{self.seed}:safe {place}", self.without)
            safe = Safe(self.clinic, house, self.clinic.houses[1 - place], luck)
            self.schedule.live(safe.lived(self.first, self.days), name=f"safe {place}")
        prices = price_list(self.clinic, Chance(f"{self.seed}:prices", self.without), self.first)
        self.schedule.live(prices, name="prices")
        self._sweep_later()

    def _clients(self, house: House, place: int) -> None:
        number = place
        for day in range(self.days):
            for _ in range(self.a_day):
                number += len(self.clinic.houses)
                if self.only is not None and number not in self.only:
                    continue
                luck = Chance(f"{self.seed}:client {number}", self.without)
                life = Life(self.clinic, house, number, luck)
                calls = house.clock(self.first + timedelta(days=day), luck.numbers.uniform(8.2, 15))
                if (self.first + timedelta(days=day)).weekday() < 6:
                    self.schedule.live(course(life), name=f"client {number}", at=calls)

    # --- the worker -------------------------------------------------------------------------------------------

    def _rung(self, name: str, ids: dict[str, str]) -> None:
        """A message on its way: it may be lost, come twice, or come late."""
        lost, twice, late = (self.luck.does(f"message {fate}") for fate in ("lost", "doubled", "late"))
        if lost:
            self.trace.event(self.schedule.now, "message lost", name)
            return
        for _ in range(2 if twice else 1):
            wait = self.luck.numbers.uniform(20, 900) if late else self.luck.numbers.uniform(0.2, 5)
            moment = self.schedule.now + timedelta(seconds=wait)
            self.schedule.at(moment, name, lambda: self._work(name, ids))

    def _work(self, name: str, ids: dict[str, str]) -> None:
        """The worker takes a message; the sweep may be at the same thing just then."""
        meets, share = (
            self.luck.does("worker meets the sweep"),
            self.luck.numbers.random() / 4,
        )  # while it looks
        if not meets:
            self.stack.work(name, ids)
            return
        with self.stack.beside(rivals.step_at(self.stack, "obligations"), share):
            self.stack.work(name, ids)

    def _sweep_later(self) -> None:
        local = self.schedule.now.astimezone(self.clinic.houses[0].zone)
        wait = SWEEP_MINUTES if 6 <= local.hour < 20 else 120
        self.schedule.at(self.schedule.now + timedelta(minutes=wait), "sweep", self._sweep)

    def _sweep(self) -> None:
        self._sweep_later()
        if self.luck.does("pass skipped"):
            self.trace.event(self.schedule.now, "pass skipped", "")
            return
        at, done = self.schedule.now, []
        whole = self._whole is None or at - self._whole >= timedelta(hours=2)
        self._whole = at if whole else self._whole
        for name, step in steps.all_steps().items():
            if not (whole or name in SAFETY) or self.luck.does("step skipped"):
                continue
            with clock.fixed(at):
                try:
                    step.work(at=at)
                    done.append(name)
                except Died:
                    connection.close()
        self.trace.event(at, "sweep", " ".join(done))
        self.judge.swept(at, frozenset(done))
        self._post_bag(at)

    def _post_bag(self, at: datetime) -> None:
        """Every message that left since it was looked at last."""
        left, mail.outbox = mail.outbox, []
        for letter in left:
            for address in letter.to:
                self.trace.event(at, "mail", f"{address}: {letter.subject}")
                self.judge.mailed(at, address)

    # --- what is looked at every evening --------------------------------------------------------------------

    def _close_of_day(self) -> None:
        """The director of each location reads the lists; the judge holds them against its books."""
        for house in self.clinic.houses:
            who = house.one("medical_director")
            for name in (
                *("obligations", "sessions", "alarms", "safety-alerts", "drug-lots", "drug-discrepancies"),
                *("tasks", "payments", "refunds", "superbills", "receipts"),
            ):
                rows = self.stack.rows(who, f"{name}/")
                self.judge.listed(self.schedule.now, name, house.id, rows)
                for row in self.luck.numbers.sample(rows, min(2, len(rows))):
                    single = self.stack.get(who, f"{name}/{row['id']}/")
                    self.judge.same(name, row, single.data)
            rows = self.stack.rows(house.one("billing"), "charges/")
            self.judge.listed(self.schedule.now, "charges", house.id, rows)
            self.looks.evening(house)
        self.judge.day_ends(self.schedule.now)
