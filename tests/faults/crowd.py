"""Many clients who are ready for their dose, in the database of real processes, and a nurse who records over HTTP."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from kapclinic.core import clock
from kapclinic.local.processes import Processes
from kapclinic.practice.services import issue_token
from kapclinic.trail.models import Heartbeat, Task
from sessions.booking.models import Session
from sessions.dosing.models import Administration
from sessions.integration.models import Obligation
from tests import cast as people
from tests.cast import Cast

# A connection for each request, as of so many people. Nothing here is under TLS: no authority need be read for each.
WIRE = httpx.Client(
    transport=httpx.HTTPTransport(
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), limits=httpx.Limits(max_keepalive_connections=0)
    ),
    timeout=30,
)
LASTS, APART = timedelta(minutes=15), timedelta(minutes=20)  # all of them still belong to this day


def ready_clients(cast: Cast, count: int) -> list[Session]:
    """As many sessions, each of another client, checked in just now and ready."""
    protocol = people.approved_protocol(cast, min_preparations=0)
    sessions = []
    for index in range(count):
        who = people.client(cast.north, by=cast.frontdesk, first=f"Kim{index}")
        program = people.cleared_program(cast, protocol=protocol, who=who)
        starts_at = clock.now() - APART * (index + 1)
        times = {"starts_at": starts_at, "ends_at": starts_at + LASTS}
        sessions.append(people.ready_dose(cast, program, **times))
    return sessions


@dataclass
class Nurse:
    """Posts doses; keeps every answer and how long it took, in seconds."""

    base_url: str
    secret: str
    answers: list[tuple[int, float]] = field(default_factory=list)

    @classmethod
    def of(cls, cast: Cast, processes: Processes) -> Nurse:
        _, secret = issue_token(user=cast.np, name="faults", at=clock.now())
        return cls(processes.base_url, secret)

    def dose(self, session: Session) -> httpx.Response:
        body = {
            "order": str(session.orders.get().pk),
            "dose_mg": "100",
            "supply": "client_prescription",
            "administered_at": clock.now().isoformat(),
            "given_by": "self_observed",
        }
        headers = {"Authorization": f"Token {self.secret}", "Idempotency-Key": f"dose-{session.pk}"}
        began = time.monotonic()
        url = f"{self.base_url}/api/v1/sessions/{session.pk}/administrations/"
        answer = WIRE.post(url, json=body, headers=headers)
        self.answers.append((answer.status_code, time.monotonic() - began))
        return answer


def readyz(processes: Processes) -> dict[str, Any]:
    answer = WIRE.get(f"{processes.base_url}/readyz", timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def until(true: Callable[[], bool], *, seconds: float, what: str, every: float = 0.2) -> float:
    """Wait for it; how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(every)
    return time.monotonic() - began


def sweeping(processes: Processes) -> bool:
    """Has every step run within its period, and two seconds for a busy machine?"""
    told = readyz(processes)
    age = told["last_sweep_seconds"]
    return age is not None and age < told["sweep_every_seconds"] + 2


def two_sweeps() -> None:
    """Wait until every step has run twice from its beginning."""
    for _ in range(2):
        asked = clock.now()

        def ended(asked: datetime = asked) -> bool:
            begun = Heartbeat.objects.values_list("beat_at", flat=True)
            return bool(begun) and all(beat_at is not None and beat_at > asked for beat_at in begun)

        until(ended, seconds=60, what="a whole sweep")


def assert_every_dose_is_followed(expected: int) -> None:
    """Each dose has one obligation; it is booked once, inside its window, or somebody has been told."""
    doses = Administration.objects.select_related("session").all()
    assert len(doses) == expected
    assert Obligation.objects.count() == expected
    for dose in doses:
        row = Obligation.objects.select_related("integration_session").get(dosing_session=dose.session)
        assert row.dosed_at == dose.administered_at
        booked = Session.objects.standing().filter(for_dose=dose.session)
        if row.state == "booked":
            assert [session.pk for session in booked] == [row.integration_session_id]
            assert row.integration_session.status == "scheduled"
            assert row.window_start <= row.integration_session.starts_at < row.window_end
            assert Task.objects.open().filter(kind="integration_confirm", subject_id=row.pk).count() == 1
        else:
            assert row.state == "due"
            assert not booked.exists()
            assert [step["step"] for step in row.escalations] == ["front_desk"]
            assert Task.objects.open().filter(kind="integration_unbooked", subject_id=row.pk).count() == 1
