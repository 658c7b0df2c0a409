"""A worker is killed in the middle of a run of superbills: another goes on, and none is issued twice or left out."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.models import JobResult, Superbill
from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.practice.services import issue_token
from tests import cast as people
from tests.cast import MONDAY, Cast
from tests.faults.crowd import WIRE, sweeping, until

CLIENTS = 24  # several times as many as are done when the worker is killed
SERVED = datetime(2026, 5, 6, 16, 0, tzinfo=UTC)


def charged_clients(cast: Cast, count: int) -> None:
    """As many clients, each with an hour that took place in May and was charged."""
    people.service_codes()
    protocol = people.approved_protocol(cast, min_preparations=0)
    for index in range(count):
        with clock.fixed(MONDAY):
            who = people.client(cast.north, by=cast.frontdesk, first=f"Kim{index}")
            program = people.opened_program(cast, who=who, protocol=protocol)
        starts_at = SERVED + timedelta(days=index // 6, hours=index % 6)
        session = people.signed_session(cast, program, starts_at=starts_at)
        with clock.fixed(starts_at + timedelta(hours=2)):
            people.charged(cast, session, "200.00")


def test_a_run_whose_worker_is_killed_is_finished_by_the_next(
    clinic_orm: None, run_processes: Processes
) -> None:
    cast = people.assemble()
    charged_clients(cast, CLIENTS)
    _, secret = issue_token(user=cast.billing, name="faults", at=clock.now())
    run_processes.env |= {"SWEEP_SECONDS": "2"}
    run_processes.start("web", "worker", "beat")
    run_processes.wait_ready()
    until(lambda: sweeping(run_processes), seconds=60, what="the first sweep")
    url = f"{run_processes.base_url}/api/v1/superbill-runs/"
    headers = {"Authorization": f"Token {secret}"}
    period = {"from_date": "2026-05-01", "to_date": "2026-05-31"}
    asked = WIRE.post(url, json=period, headers=headers, timeout=30)
    assert asked.status_code == 202, asked.text

    def now() -> dict[str, Any]:
        told: dict[str, Any] = WIRE.get(f"{url}{asked.json()['id']}/", headers=headers, timeout=30).json()
        return told

    until(lambda: Superbill.objects.count() >= 5, seconds=60, what="the first superbills", every=0.05)
    run_processes.kill9("worker")
    half = now()
    assert half["state"] == "running"
    assert 5 <= half["progress"]["done"] < CLIENTS
    time.sleep(1)
    assert now()["progress"] == half["progress"]
    run_processes.start("worker")
    until(lambda: now()["state"] == "done", seconds=60, what="the end of the run")
    assert now()["progress"] == {"done": CLIENTS, "total": CLIENTS}
    numbers = sorted(Superbill.objects.values_list("number", flat=True))
    assert [number.split("-")[1] for number in numbers] == [f"{n:06d}" for n in range(1, CLIENTS + 1)]
    assert Superbill.objects.values("client").distinct().count() == CLIENTS
    assert JobResult.objects.filter(superbill__isnull=False).count() == CLIENTS
