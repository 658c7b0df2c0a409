"""Web workers are killed at random while doses are recorded from the safe: whoever repeats has each dose once."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal

import httpx
import psutil

from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.practice.services import issue_token
from kapclinic.trail.models import AuditEvent, IdempotencyRecord
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.drugs import selectors
from sessions.drugs.models import DrugEntry, DrugLot
from sessions.integration.models import Obligation
from sessions.monitoring.models import Check
from tests import cast as people
from tests.cast import lot_of
from tests.faults.crowd import WIRE, ready_clients

NURSES, DOSES, SECONDS = 8, 16, 8.0


@dataclass
class Recorder:
    """Sends one dose again and again, under one key, until it is answered; counts the answers that were cut off."""

    base_url: str
    secret: str
    waiting: int = 0  # requests under way
    cut_off: int = 0
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, *, waiting: int = 0, cut_off: int = 0) -> None:
        with self.lock:
            self.waiting += waiting
            self.cut_off += cut_off

    def send(self, path: str, body: dict[str, str], key: str) -> int | None:
        """The status, or None when nobody answered."""
        headers = {"Authorization": f"Token {self.secret}", "Idempotency-Key": key}
        self.count(waiting=1)
        try:
            answer = WIRE.post(f"{self.base_url}{path}", json=body, headers=headers, timeout=15)
        except httpx.TransportError:
            self.count(cut_off=1)
            return None
        finally:
            self.count(waiting=-1)
        if answer.status_code not in {201, 409, 503}:
            self.refused.append(answer.text)
        return answer.status_code

    def record(self, path: str, body: dict[str, str], key: str) -> None:
        until = time.monotonic() + 40
        while self.send(path, body, key) != 201 and not self.refused and time.monotonic() < until:
            time.sleep(0.1)


def bodies(sessions: list[Session], lot: DrugLot) -> list[tuple[str, dict[str, str], str]]:
    return [
        (
            f"/api/v1/sessions/{session.pk}/administrations/",
            {
                "order": str(session.orders.get().pk),
                "dose_mg": "100",
                "supply": "clinic_stock",
                "drug_lot": str(lot.pk),
                "administered_at": clock.now().isoformat(),
                "given_by": "staff",
            },
            f"dose-{session.pk}",
        )
        for session in sessions
    ]


def kill_at_random(web: psutil.Process, recorder: Recorder) -> int:
    """Kill a worker, or all, whenever they are likely to be at work, for some seconds; how often."""
    killed, until = 0, time.monotonic() + SECONDS
    while time.monotonic() < until:
        if recorder.waiting < 2 or not (workers := web.children()):
            time.sleep(0.005)
            continue
        for worker in random.sample(workers, k=random.randint(1, len(workers))):
            worker.kill()
        killed += 1
        time.sleep(random.uniform(0.8, 1.6))
    return killed


def assert_each_dose_once(lot: DrugLot, checks: int) -> None:
    """One dose, one line of the ledger, one obligation, its checks, one audit event, one stored answer."""
    doses = list(Administration.objects.filter(supply="clinic_stock").select_related("session"))
    assert len({dose.session_id for dose in doses}) == len(doses) == DOSES
    lines = DrugEntry.objects.filter(lot=lot, kind="administer").values_list("administration", flat=True)
    assert sorted(lines) == sorted(dose.pk for dose in doses)
    assert DrugEntry.objects.filter(lot=lot).count() == DOSES + 1
    assert lot.entries.latest("sequence").balance_mg == 10_000 - 100 * DOSES
    assert selectors.ledger_problem() is None
    for dose in doses:
        assert Obligation.objects.filter(dosing_session=dose.session).count() == 1
        assert Check.objects.filter(session=dose.session).count() == checks
        written = AuditEvent.objects.filter(action="administration.create", object_id=dose.pk, outcome="ok")
        assert written.count() == 1
        assert IdempotencyRecord.objects.filter(key=f"dose-{dose.session_id}").count() == 1


def test_doses_that_are_repeated_while_web_workers_die_are_each_recorded_once(
    clinic_orm: None, run_processes: Processes
) -> None:
    run_processes.start("web")
    cast = people.assemble()
    like_all, *sessions = ready_clients(cast, DOSES + 1)
    people.give(cast, like_all)
    checks = Check.objects.filter(session=like_all).count()
    assert checks > 0
    lot = lot_of(cast, quantity_mg=Decimal(10_000))
    work = bodies(sessions, lot)
    _, secret = issue_token(user=cast.np, name="faults", at=clock.now())
    run_processes.wait_ready()
    recorder = Recorder(run_processes.base_url, secret)

    def nurse(index: int) -> None:
        mine = work[index::NURSES]
        for turn, dose in enumerate(mine):
            time.sleep(max(0.0, began + turn * SECONDS / 2 + index * 0.3 - time.monotonic()))
            recorder.record(*dose)
            while not over.is_set() and time.monotonic() < began + (turn + 1) * SECONDS / 2:
                recorder.send(*random.choice(mine[: turn + 1]))  # asks again for what was answered
                time.sleep(0.12)

    over, began = threading.Event(), time.monotonic()
    threads = [threading.Thread(target=nurse, args=(index,)) for index in range(NURSES)]
    for thread in threads:
        thread.start()
    killed = kill_at_random(run_processes.process("web"), recorder)
    over.set()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert recorder.refused == []
    assert killed >= 3
    assert recorder.cut_off > 0  # somebody was really interrupted
    assert_each_dose_once(lot, checks)
