"""A clinic at work beside a transaction that is stuck: somebody whose rows are held, and everybody else.

The web waits for a lock a second at most here, where production waits three; the worker in proportion.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from django.db import connection, transaction

from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.local.servers import with_path
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.services import issue_token
from kapclinic.trail.models import Heartbeat, IdempotencyRecord
from programs.models import Program
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from sessions.monitoring.models import Alarm, Check
from sessions.sweep.steps import STEPS
from tests import cast as people
from tests.asking import as_superuser
from tests.bench.clinic import zone_of
from tests.cast import Cast
from tests.faults.crowd import ready_clients, until

LOCK_SECONDS, IDLE_SECONDS = 0.5, 2  # of the web
PATIENCE = {
    "web": {"lock_timeout": "500ms", "statement_timeout": "5s", "idle_in_transaction_session_timeout": "2s"},
    "worker": {
        "lock_timeout": "1500ms",
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "10s",
    },
}
PERIOD = 2  # of the sweep, in seconds: each pass costs as much as many requests
FAR = 40  # days from now, where no dose that is owed something looks for room
SLACK = 6.0  # seconds more, for a machine that has other things to do
SAFETY = [step.name for step in STEPS if step.safety]


def patient(env: dict[str, str], kind: str) -> dict[str, str]:
    """The environment in which a process waits so long, and no longer."""
    options = "%20".join(f"-c%20{name}%3D{value}" for name, value in PATIENCE[kind].items())
    env = env | {"SWEEP_SECONDS": str(PERIOD)}
    return env | {"KAP_PATIENCE": "off", "DATABASE_URL": f"{env['DATABASE_URL']}?options={options}"}


@contextmanager
def held(table: str, key: object, *, by: str = "id") -> Iterator[None]:
    """Somebody else's transaction is open on that row, and does nothing more.

    The superuser's: facts that are never changed can't be held by the role of the clinic's own processes.
    """
    url = with_path(os.environ["KAP_SUPERUSER_URL"], connection.settings_dict["NAME"])
    with psycopg.connect(url) as other:
        found = other.execute(f"SELECT FROM {table} WHERE {by} = %s FOR UPDATE", [key])
        assert found.rowcount == 1, table
        yield
        other.rollback()


@contextmanager
def amid(work: Callable[[], Any]) -> Iterator[None]:
    """Somebody did `work` in a transaction that is still open: nothing of it is committed, and nothing ever is."""
    begun, over, failed = threading.Event(), threading.Event(), []

    def run() -> None:
        try:
            with transaction.atomic():
                work()
                begun.set()
                over.wait(60)
                transaction.set_rollback(True)
        except Exception as exc:  # noqa: BLE001  (told to the main thread)
            failed.append(exc)
            begun.set()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(30)
    try:
        assert not failed, failed
        yield
    finally:
        over.set()
        thread.join(30)


@dataclass(frozen=True)
class Act:
    """A write of somebody's over HTTP."""

    by: str
    path: str
    body: dict[str, Any]
    then: tuple[int, ...] = (200, 201)  # what it is answered when nobody is in the way
    match: str | None = None  # a PATCH


@dataclass(frozen=True)
class Held:
    """What is held, and who then has to come again; without `act` no request needs the row."""

    hold: Callable[[], AbstractContextManager[None]]
    act: Act | None = None


Case = Mapping[str, Held]  # held at once, by what it is


@dataclass
class Bedside:
    """The held client, those of whom things go on, and the people at their desks."""

    cast: Cast
    processes: Processes
    held: Session
    read: Session  # readings are recorded
    rings: Session  # checks become overdue
    book: Program  # sessions are booked
    doses: list[Session]  # one is given in each case
    spare: dict[UUID, list[Check]]
    tokens: dict[str, str] = field(default_factory=dict)
    booked: int = 0
    wire: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def ask(self, by: str, method: str, path: str, **more: Any) -> httpx.Response:
        if by not in self.tokens:
            self.tokens[by] = issue_token(user=self.cast.people[by], name="stuck", at=clock.now())[1]
        headers = {"Authorization": f"Token {self.tokens[by]}"} | more.pop("headers", {})
        url = f"{self.processes.base_url}/api/v1/{path}"
        return self.wire.request(method, url, headers=headers, **more)

    def do(self, act: Act, *, key: str) -> httpx.Response:
        if act.match is not None:
            return self.ask(act.by, "PATCH", act.path, json=act.body, headers={"If-Match": act.match})
        return self.ask(act.by, "POST", act.path, json=act.body, headers={"Idempotency-Key": key})

    def reading(self, session: Session) -> Act:
        signs = people.calm() | {"measured_at": clock.now().isoformat()}
        return Act("np", f"sessions/{session.pk}/readings/", signs)

    def booking(self, program: Program, *, room: Any = None, by: str = "therapist") -> Act:
        """An hour that nobody else has, in the weeks to come."""
        self.booked += 1
        day, hour = divmod(self.booked, 8)
        starts_at = midday(FAR + day) + timedelta(hours=hour - 4)
        body = {
            "program": str(program.pk),
            "kind": "preparation",
            "modality": "in_person",
            "room": str((room or self.cast.birch).pk),
            "staff": [{"user": str(self.cast.people[by].pk), "role": "therapist"}],
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=50)).isoformat(),
        }
        return Act("frontdesk", "sessions/", body)

    def overdue(self, session: Session) -> Check:
        """A check of the session that becomes overdue at this moment."""
        return become_overdue(self.spare[session.pk].pop())


def become_overdue(check: Check) -> Check:
    """Its moment was long ago, from now on."""
    planned_at = clock.now() - timedelta(minutes=40)
    with as_superuser() as intruder:
        change = "UPDATE clinic_sessions_check SET planned_at = %s WHERE id = %s"
        intruder.execute(change, [planned_at, check.pk])
    return check


def midday(days: int) -> datetime:
    """Noon at North so many days from now, or a little after it."""
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)


def opened(processes: Processes, doses: int) -> Bedside:
    """Everybody at North, where it is a little after noon, with four clients and `doses` who wait for theirs."""
    cast = people.assemble()
    cast.north.time_zone = zone_of(clock.now())
    cast.north.save_by(cast.admin, at=clock.now())
    stuck, read, rings, *waiting = ready_clients(cast, doses + 3)
    for session in (stuck, read, rings):
        people.give(cast, session)
    spare = {session.pk: spare_checks(session) for session in (stuck, rings)}
    protocol = people.approved_protocol(cast, name="Free", min_preparations=0)
    other = people.client(cast.north, by=cast.frontdesk, first="Pat", last="Other")
    free = people.opened_program(cast, protocol=protocol, who=other, therapist=cast.other_therapist.pk)
    return Bedside(cast, processes, stuck, read, rings, free, waiting, spare)


def spare_checks(session: Session) -> list[Check]:
    """Checks of the far evening, which a case brings forward."""
    at = clock.now()
    return [
        Check(session=session, minute=300 + n, planned_at=at + timedelta(hours=5, minutes=n)).save_by(
            SYSTEM, at=at
        )
        for n in range(40)
    ]


def rung(check: Check) -> bool:
    return Alarm.objects.filter(check_row=check).exists()


def followed(dose: Session) -> bool:
    """Is what this dose owes booked, or was somebody told?"""
    row = Obligation.objects.get(dosing_session=dose)
    return row.state == "booked" or bool(row.escalations)


def steps_since(moment: datetime) -> set[str]:
    """The safety steps whose last whole run began after that."""
    return set(Heartbeat.objects.filter(beat_at__gt=moment).values_list("name", flat=True)) & set(SAFETY)


BOARDS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("frontdesk", "day-board/", {}),
    ("frontdesk", "sessions/", {"date": "today"}),
    ("frontdesk", "obligations/", {"state": "due"}),
    ("np", "monitoring-board/", {}),
    ("np", "alarms/", {}),
    ("np", "tasks/", {}),
)


def boards_answer(at: Bedside) -> list[str]:
    """Those of the boards that do not."""
    today = clock.now().date().isoformat()
    where = {"location": str(at.cast.north.pk)}
    wrong = []
    for by, path, query in BOARDS:
        asked = {name: today if value == "today" else value for name, value in query.items()} | where
        answer = at.ask(by, "GET", path, params=asked)
        if answer.status_code != 200:
            wrong.append(f"{path}: {answer.status_code} {answer.text[:200]}")
    return wrong


def warm_up(at: Bedside) -> None:
    """What a process asks for the first time takes longer."""
    for _ in range(6):
        assert boards_answer(at) == []
        assert at.do(at.reading(at.read), key=str(uuid4())).status_code == 201


def go_on(at: Bedside, *, but_turns: set[str]) -> list[str]:
    """Everybody else's work, and the safety steps; what of it does not go on."""
    began = clock.now()
    wrong, dose = boards_answer(at), at.doses.pop()
    order = {
        "order": str(dose.orders.get().pk),
        "dose_mg": "100",
        "supply": "client_prescription",
        "administered_at": clock.now().isoformat(),
        "given_by": "self_observed",
    }
    acts = {
        "another reading": at.reading(at.read),
        "another booking": at.booking(at.book, by="other_therapist"),
        "another dose": Act("np", f"sessions/{dose.pk}/administrations/", order),
    }
    check = at.overdue(at.rings)
    for name, act in acts.items():
        answer = at.do(act, key=str(uuid4()))
        if answer.status_code != 201:
            wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")
    waits = {
        "another check rings": lambda: rung(check),
        "what a dose owes is followed": lambda: followed(dose),
        "the safety steps run": lambda: steps_since(began) >= set(SAFETY) - but_turns,
    }
    return wrong + [name for name, done in waits.items() if not _within(done, PERIOD + SLACK)]


def _within(done: Callable[[], bool], seconds: float) -> bool:
    try:
        until(done, seconds=seconds, what="")
    except (AssertionError, Obligation.DoesNotExist):
        return False
    return True


def live_through(at: Bedside, case: Case) -> list[str]:
    """Hold it all for three times as long as anybody waits; what goes wrong meanwhile and afterwards."""
    stuck_check = at.overdue(at.held)
    but_turns = {name.removeprefix("turn of ") for name in case}
    acts = {name: (one.act, str(uuid4())) for name, one in case.items() if one.act is not None}
    with ExitStack() as stack:
        for one in case.values():
            stack.enter_context(one.hold())
        began = time.monotonic()
        wrong = [f"{name}: {what}" for name, act in acts.items() for what in _refused(at, *act)]
        wrong += go_on(at, but_turns=but_turns)
        time.sleep(max(0.0, began + 3 * LOCK_SECONDS - time.monotonic()))
    if not _within(lambda: rung(stuck_check), PERIOD + SLACK):
        wrong.append("the held client's own check does not ring")
    wrong += [f"{name}, once free: {what}" for name, act in acts.items() for what in _done(at, *act)]
    return [f"{' + '.join(case)}: {what}" for what in wrong]


def _refused(at: Bedside, act: Act, key: str) -> Iterator[str]:
    """What is wrong with the answer to somebody who needs the row: busy, soon, and nothing is half done.

    Asked up to three times, and the quickest answer counts: the machine may have had other things to do.
    """
    quickest = 1e9
    for _ in range(3):
        began = time.monotonic()
        answer = at.do(act, key=key)
        quickest = min(quickest, time.monotonic() - began)
        told = (answer.status_code, answer.headers.get("Retry-After"))
        if told != (503, "1") or answer.json()["code"] != "busy":
            yield f"{told}, {answer.text[:200]}"
        if quickest <= LOCK_SECONDS + 1:
            break
    else:
        yield f"told to come again after {quickest:.1f} s"
    if IdempotencyRecord.objects.filter(key=key).exists():
        yield "a refused request left its answer"


def _done(at: Bedside, act: Act, key: str) -> Iterator[str]:
    answer = at.do(act, key=key)
    if answer.status_code not in act.then or "Idempotency-Replayed" in answer.headers:
        yield f"{answer.status_code} {answer.text[:200]}"
