"""Words that are planted in a record are looked for where they must not be: logs, the broker, the queue, mail, backups."""

from __future__ import annotations

import secrets
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from redis import Redis

from kapclinic.core import clock
from kapclinic.local.binaries import find_binaries
from kapclinic.local.processes import Processes
from kapclinic.local.testrun import TestRun
from kapclinic.local.valkey import Valkey
from kapclinic.practice.models import User
from kapclinic.practice.services import issue_token
from kapclinic.trail.models import Outbox
from tests import cast as people

MARK = secrets.token_hex(4)
NAME, PHONE = f"Heron{MARK}", "303-555-0188"
# What a client, a clinician and a director say; each in a word of its own, so that a leak names its source.
SAID = {kind: f"{kind}canary{MARK}" for kind in ("chart", "reason", "refused", "glass", "search", "alarm")}
PRIVATE = f"privatecanary{MARK}"


@dataclass
class Staff:
    """Somebody at the running clinic."""

    base_url: str
    secret: str

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Token {self.secret}", "Idempotency-Key": key or secrets.token_hex(8)}
        return httpx.request(method, f"{self.base_url}/api/v1/{path}", json=body, headers=headers, timeout=60)

    def must(self, path: str, body: Any, *, key: str = "") -> Any:
        answer = self.ask("POST", path, body, key=key)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


def _sign_in(user: User, at: Processes) -> Staff:
    return Staff(at.base_url, issue_token(user=user, name="canary", at=clock.now())[1])


def _plant(web: Processes, cast: people.Cast) -> None:
    """A day on which everything is said that must stay in the record: written, refused, repeated, looked for."""
    client = people.client(cast.north, by=cast.frontdesk, first=NAME, last=f"{NAME}son", phone=PHONE)
    session = people.ready_dose(cast, people.cleared_program(cast, who=client))
    therapist, nurse, desk = (_sign_in(user, web) for user in (cast.therapist, cast.np, cast.frontdesk))
    far = _sign_in(cast.south_prescriber, web)
    of = {"session": str(session.pk)}
    note = therapist.must("psychotherapy-notes/", of | {"text": PRIVATE}, key="twice")
    therapist.must("psychotherapy-notes/", of | {"text": PRIVATE}, key="twice")  # a double click
    therapist.ask("PATCH", f"psychotherapy-notes/{note['id']}/", {"text": f"{PRIVATE} again"})
    body = of | {"kind": "dosing", "frame": "free", "sections": {"text": SAID["chart"]}}
    assert nurse.ask("POST", "notes/", body, key="chart").status_code == 201
    nurse.ask("POST", "notes/", body, key="other")  # one draft: refused, perhaps by the database
    for path, wrong in (
        ("notes/", body | {"sections": {"text": SAID["refused"] + "\x00"}}),
        ("notes/", {"text": SAID["refused"]}),
        (f"sessions/{session.pk}/cancel/", {"reason": SAID["refused"], "more": SAID["refused"]}),
        ("clients/nobody/", {"legal_first_name": SAID["refused"]}),
    ):
        assert nurse.ask("POST", path, wrong).status_code >= 400
    assert desk.ask("GET", f"clients/?search={SAID['search']} {NAME}").status_code == 200
    dose = {"order": str(session.orders.get().pk), "dose_mg": "100", "supply": "client_prescription"}
    dose |= {"administered_at": clock.now().isoformat(), "given_by": "self_observed"}
    nurse.must(f"sessions/{session.pk}/administrations/", dose)
    red = people.calm() | {"systolic": 210, "diastolic": 125, "measured_at": clock.now().isoformat()}
    nurse.ask("POST", f"sessions/{session.pk}/readings/", red)
    nurse.must(f"sessions/{session.pk}/alarms/", {"trigger": "severe_agitation", "note": SAID["alarm"]})
    far.must("break-glass/", {"client": str(client.pk), "reason": f"She called us {SAID['glass']}"})
    assert far.ask("GET", f"clients/{client.pk}/").status_code == 200
    spare = people.booked(cast, session.program, "preparation", _morning())
    desk.must(f"sessions/{spare.pk}/cancel/", {"reason": SAID["reason"]})


def _morning() -> datetime:
    """An hour of three days from now at which North is open."""
    return (clock.now() + timedelta(days=3)).replace(hour=17, minute=0, second=0, microsecond=0)


def _leaks(text: bytes, words: dict[str, str]) -> set[str]:
    return {kind for kind, word in words.items() if word.encode() in text}


def _broker(of: Redis) -> bytes:
    """All that the broker holds: keys, queues with their messages, sets, hashes."""
    told = b""
    for key in of.keys("*"):
        told += bytes(key) + bytes(of.dump(key) or b"")
        if of.type(key) == b"list":
            told += b"".join(of.lrange(key, 0, -1))
    return told


def _wait_until_sent(seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        waiting = Outbox.objects.filter(status__in=["pending", "sending"], next_at__lte=clock.now())
        if Outbox.objects.filter(template="break_glass", status="sent").exists() and not waiting.exists():
            return
        time.sleep(0.2)
    raise AssertionError(list(Outbox.objects.values("template", "status")))


@pytest.fixture
def clinic_mail(clinic_env: dict[str, str], tmp_path: Path) -> Path:
    """Mail goes into files, as it would leave."""
    folder = tmp_path / "mail"
    clinic_env["EMAIL_URL"] = f"filemail:///{folder}"  # the path after the third slash
    return folder


def test_what_is_said_stays_in_the_record(
    clinic_env: dict[str, str],
    clinic_mail: Path,
    clinic_orm: None,
    run_processes: Processes,
    private_valkey: Valkey,
    test_run: TestRun,
) -> None:
    run_processes.start("web")
    cast = people.assemble()
    run_processes.wait_ready()
    _plant(run_processes, cast)
    queue = _broker(private_valkey.client())
    assert b"sessions." in queue  # what was rung waits, and can be looked at
    run_processes.start("worker")
    _wait_until_sent()
    broker = _broker(private_valkey.client())

    everything = {**SAID, "name": NAME, "phone": PHONE, "private": PRIVATE}
    logs = b"".join(run_processes.log_file(name).read_bytes() for name in ("web", "worker"))
    assert b"api/v1/clients/" in logs
    assert _leaks(logs, everything) == set()
    assert _leaks(broker + queue, everything) == set()
    letters = b"".join(path.read_bytes() for path in clinic_mail.glob("*"))
    assert b"worklist" in letters
    assert _leaks(letters, everything) == set()
    _stored(test_run, clinic_env, everything)


def _stored(test_run: TestRun, env: dict[str, str], everything: dict[str, str]) -> None:
    """A dump and the write-ahead log hold the chart, as they must, and of a private note not a word; the server's own
    log holds nothing of either.
    """
    url = test_run.servers.superuser.rsplit("/", 1)[0] + "/" + env["DATABASE_URL"].rsplit("/", 1)[1]
    tool = find_binaries(test_run.place).postgres / "pg_dump"
    dump = subprocess.run([tool, "--inserts", url], capture_output=True, check=True, timeout=120).stdout
    assert _leaks(dump, everything) == {"chart", "glass", "reason", "alarm", "name", "phone"}
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CHECKPOINT")
        (data,) = server.execute("SHOW data_directory").fetchone() or ("",)
    logged = b"".join(path.read_bytes() for path in (Path(data) / "pg_wal").glob("0*"))
    assert _leaks(logged, everything) >= {"chart", "name"}
    assert PRIVATE.encode() not in logged
    said = test_run.place.data / "pg.log"
    assert _leaks(said.read_bytes(), everything) == set()
